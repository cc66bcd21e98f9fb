"""Send what a run writes to a file, and keep a terminal to show progress on."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from rich.console import Console


@contextmanager
def output_to(log: Path) -> Iterator[Console]:
    """While the block runs, this process and what it starts write to ``log``; yields a console on the real output.

    Works on file descriptors, because Dagster captures these for its own logs.
    """
    log.parent.mkdir(parents=True, exist_ok=True)
    sys.stdout.flush()
    sys.stderr.flush()
    saved = os.dup(1), os.dup(2)
    with log.open("wb") as sink, os.fdopen(os.dup(saved[0]), "w", encoding="utf-8") as real:
        os.dup2(sink.fileno(), 1)
        os.dup2(sink.fileno(), 2)
        try:
            yield Console(file=real)
        finally:
            sys.stdout.flush()
            sys.stderr.flush()
            for target, descriptor in enumerate(saved, start=1):
                os.dup2(descriptor, target)
                os.close(descriptor)
