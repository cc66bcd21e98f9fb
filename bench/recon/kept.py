"""What was measured already: a run of hours that is interrupted goes on where it was."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

from orchestration.code_version import code_version

T = TypeVar("T")


@dataclass(frozen=True)
class Kept:
    """A folder of results by name, each of one code version; without a folder nothing is kept."""

    folder: Path | None = None

    def get(self, name: str, measure: Callable[[], T], write: Callable[[T], Any], read: Callable[[Any], T]) -> T:
        """What was kept under the name by this version of the code, else what is measured now."""
        if self.folder is None:
            return measure()
        path = self.folder / f"{name}-{code_version()}.json"
        if path.exists():
            return read(json.loads(path.read_text("utf-8")))
        found = measure()
        self.folder.mkdir(parents=True, exist_ok=True)
        path.write_text(json.dumps(write(found)), "utf-8")
        return found
