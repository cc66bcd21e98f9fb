"""Processes that load and retry, to be killed: forked from one that has everything imported, so that many are cheap.

Run as a program this is the one they are forked from: a line on its input (landing, tab, URL) is answered by the
child's process id, and the line after it by the child's end, 0 when it was its own.
"""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Self

from ingestion.landing import load_landing
from ingestion.retry import retry

EVERYTHING_IS_NEW = "40000"


def load_then_retry(landing: str, url: str) -> None:
    """Load what is there; then let in what was too old, as a person does who has changed the setting."""
    os.environ.pop("TIEOUT_MAX_AGE_DAYS", None)
    load_landing(Path(landing), conn_url=url)
    os.environ["TIEOUT_MAX_AGE_DAYS"] = EVERYTHING_IS_NEW
    retry(Path(landing), reason="late_excluded", conn_url=url)
    os.environ.pop("TIEOUT_MAX_AGE_DAYS", None)


class Parent:
    """The process that children are forked from."""

    def __init__(self) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-m", "tests.faults.children"],
            cwd=Path(__file__).parents[2],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._process.stdin.close()
        self._process.stdout.close()
        self._process.wait()

    def duration(self, landing: Path, url: str) -> float:
        """Seconds that an undisturbed child takes."""
        began = time.monotonic()
        self._begin(landing, url)
        assert self._end() == 0
        return time.monotonic() - began

    def killed_after(self, seconds: float, landing: Path, url: str) -> bool:
        """Start a child and kill it; whether it was still at work."""
        pid = self._begin(landing, url)
        time.sleep(seconds)
        os.kill(pid, signal.SIGKILL)
        return self._end() != 0

    def _begin(self, landing: Path, url: str) -> int:
        self._process.stdin.write(f"{landing}\t{url}\n")
        self._process.stdin.flush()
        return int(self._process.stdout.readline())

    def _end(self) -> int:
        self._process.stdin.write("\n")
        self._process.stdin.flush()
        return int(self._process.stdout.readline())


def serve() -> None:
    """Fork a child for every line of the input."""
    for line in sys.stdin:
        landing, url = line.rstrip("\n").split("\t")
        pid = os.fork()
        if pid == 0:
            load_then_retry(landing, url)
            os._exit(0)
        print(pid, flush=True)  # noqa: T201  the protocol
        sys.stdin.readline()  # reaped only when it may not be killed any more, so that its id is no other process'
        _, status = os.waitpid(pid, 0)
        print(status, flush=True)  # noqa: T201


if __name__ == "__main__":
    serve()
