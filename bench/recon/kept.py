"""What was measured already: a run of hours that is interrupted goes on where it was."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar

from orchestration.code_version import code_version

T = TypeVar("T")


@dataclass(frozen=True)
class Kept:
    """A folder of results by name; without a folder nothing is kept. `versions` are of the code that measured them.

    With `is_all` nothing is measured any more.
    """

    folder: Path | None = None
    is_all: bool = False
    versions: set[str] = field(default_factory=set)

    def has(self, name: str) -> bool:
        """Whether there is a result of this name, or there will be one."""
        return not self.is_all or (self.folder is not None and (self.folder / f"{name}.json").exists())

    def get(self, name: str, measure: Callable[[], T], write: Callable[[T], Any], read: Callable[[Any], T]) -> T:
        """What was kept under the name, else what is measured now."""
        path = self.folder / f"{name}.json" if self.folder else None
        if path is not None and path.exists():
            held = json.loads(path.read_text("utf-8"))
            self.versions.add(held["version"])
            return read(held["result"])
        found = measure()
        self.versions.add(code_version())
        if path is not None:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(json.dumps({"version": code_version(), "result": write(found)}), "utf-8")
        return found
