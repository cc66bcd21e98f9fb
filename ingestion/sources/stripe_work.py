"""An unfinished pull on the disk: what has arrived of each object, page by page, and where to go on.

Beside the lines of an object stands its state: how many bytes of them count, and the position after them. Both are
synced before the next page is asked for, so that after a kill, a lost connection or hours of downtime the same pull
goes on at the page where it stopped, and what it delivers is what an undisturbed one would have.
"""

from __future__ import annotations

import contextlib
import json
import os
import shutil
from collections.abc import Callable, Iterable, Iterator
from dataclasses import asdict, dataclass, field
from io import FileIO
from pathlib import Path
from typing import Any

from ingestion.sources import json_text
from ingestion.sources.delivered_file import write_whole
from ingestion.sources.stripe_reader import PositionGone

Position = dict[str, Any]
Chunk = tuple[list[str], Position]
LINES_BETWEEN_SAVES = 100


@dataclass(slots=True)
class State:
    """Of one object: ``size`` bytes and ``rows`` lines count; ``position`` is where the source goes on after them."""

    size: int = 0
    rows: int = 0
    position: Position = field(default_factory=dict)
    done: bool = False
    delivered: str | None = None


class Work:
    """The work folder of one pull. ``plan`` is what the pull was asked for, and decided, when it began."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    @property
    def plan(self) -> dict[str, Any] | None:
        """The plan of the unfinished pull, None when there is none."""
        try:
            found = json.loads((self._folder / "plan.json").read_text("utf-8"))
        except (FileNotFoundError, ValueError):
            return None
        return found if isinstance(found, dict) else None

    def begin(self, plan: dict[str, Any]) -> None:
        """Throw away what is there and begin a pull."""
        self.end()
        write_whole(self._folder / "plan.json", json.dumps(plan))

    def end(self) -> None:
        """Forget the pull: the plan first, so that what is left of it is never taken for unfinished."""
        (self._folder / "plan.json").unlink(missing_ok=True)
        for path in sorted(
            [*self._folder.glob("*.lines"), *self._folder.glob("*.state.json"), *self._folder.glob("*.copy")]
        ):
            path.unlink()

    def path(self, name: str) -> Path:
        """The file of an object's lines."""
        return self._folder / f"{name}.lines"

    def state(self, name: str) -> State:
        """What has arrived of an object; nothing when its lines are not all there any more."""
        try:
            state = State(**json.loads((self._folder / f"{name}.state.json").read_text("utf-8")))
            whole = self.path(name).stat().st_size >= state.size
        except FileNotFoundError:
            return State()
        return state if whole else State()

    def fill(
        self, name: str, source: Callable[[Position], Iterator[Chunk]], saved: Callable[[int], None] | None = None
    ) -> State:
        """Take from ``source`` what has not arrived yet, to its end; ``saved`` is told the rows after every save.

        ``source`` is given the position to go on after and yields lines with the position after them. What arrived is
        kept when it raises. When the place to go on at is gone, the object begins anew.
        """
        state = self.state(name)
        if state.done:
            return state
        if state.position:
            with contextlib.suppress(PositionGone):
                return self._fill(name, state, source, saved)
        return self._fill(name, State(), source, saved)

    def lines(self, name: str) -> Iterator[str]:
        """The lines that have arrived of an object."""
        with self.path(name).open(encoding="utf-8", newline="\n") as file:
            for line in file:
                yield line.rstrip("\n")

    def copy(self, name: str) -> Path:
        """The lines of an object once more, to be given away."""
        made = self._folder / f"{name}.copy"
        made.unlink(missing_ok=True)
        try:
            os.link(self.path(name), made)
        except OSError:  # a file system without links
            shutil.copyfile(self.path(name), made)
        return made

    def mark_delivered(self, name: str, state: State, path: str) -> None:
        """Note that the object's file stands in the landing."""
        state.delivered = path
        self._save(name, state)

    def _fill(
        self,
        name: str,
        state: State,
        source: Callable[[Position], Iterator[Chunk]],
        saved: Callable[[int], None] | None,
    ) -> State:
        with self.path(name).open("ab", buffering=0) as out:
            pending: list[str] = []
            position = state.position
            try:
                for lines, position in source(state.position):
                    pending += lines
                    if len(pending) >= LINES_BETWEEN_SAVES:
                        self._append(name, state, out, pending, position)
                        pending = []
                        if saved:
                            saved(state.rows)
            except BaseException:
                self._append(name, state, out, pending, position)
                raise
            state.done = True
            self._append(name, state, out, pending, position)
        if saved:
            saved(state.rows)
        return state

    def _append(self, name: str, state: State, out: FileIO, lines: Iterable[str], position: Position) -> None:
        whole = [json_text.one_line(line).encode() + b"\n" for line in lines]
        out.truncate(state.size)  # what a disk that was full took of an earlier try
        rest = memoryview(b"".join(whole))
        size, rows = state.size + len(rest), state.rows + len(whole)
        while rest:
            rest = rest[out.write(rest) :]
        os.fsync(out.fileno())
        state.size, state.rows = size, rows
        state.position = position
        self._save(name, state)

    def _save(self, name: str, state: State) -> None:
        write_whole(self._folder / f"{name}.state.json", json.dumps(asdict(state)))
