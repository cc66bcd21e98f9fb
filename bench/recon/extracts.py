"""Landed extracts that can be changed row by row, whoever wrote them: JSON lines, CSV and pages of JSON.

Deliveries keep their dates and names; a changed file gets a manifest that fits, as if its system had sent it so.
"""

from __future__ import annotations

import csv
import gzip
import io
import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from decimal import Decimal
from hashlib import sha256
from pathlib import Path
from typing import Any

from ingestion.sample_company.extract import json_lines

Row = dict[str, Any]
MANIFEST = ".manifest.json"
SUCCESS = "_SUCCESS"


@dataclass
class File:
    """One delivered file with its rows; `page` is what stands around the rows of a page of JSON."""

    path: Path
    rows: list[Row]
    page: Row | None = None

    @property
    def delivered_on(self) -> str:
        """The day of the delivery."""
        return self.path.parent.name

    def content(self) -> bytes:
        """The file's bytes before compression."""
        if self.page is not None:
            return json_lines([self.page | {"count": len(self.rows), "items": self.rows}])
        if self.path.suffix != ".csv":
            return json_lines(self.rows)
        buffer = io.StringIO()
        writer = csv.DictWriter(buffer, list(self.rows[0]) if self.rows else [], lineterminator="\n")
        writer.writeheader()
        writer.writerows(self.rows)
        return buffer.getvalue().encode()


class Extracts:
    """The files of one landing folder, read when they are asked for. Nothing is written before `save`."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self._files: dict[tuple[str, str], list[File]] = {}

    def files(self, system: str, name: str) -> list[File]:
        """Every delivered file of an object, oldest first."""
        key = (system, name)
        if key not in self._files:
            folder = self.root / system / name
            paths = sorted(path for path in folder.glob("*/*") if is_delivered(path))
            self._files[key] = [read(path) for path in paths]
        return self._files[key]

    def rows(self, system: str, name: str) -> Iterator[Row]:
        """Every version of every row, oldest first; changing one changes what is saved."""
        for file in self.files(system, name):
            yield from file.rows

    def last(self, system: str, name: str, key: str = "id") -> dict[str, Row]:
        """The last version of every row by its key."""
        return {str(row[key]): row for row in self.rows(system, name)}

    def change(self, system: str, name: str, wanted: Callable[[Row], bool], values: Row) -> None:
        """Give every version of the rows that are wanted other values."""
        for row in self.rows(system, name):
            if wanted(row):
                row.update(values)

    def drop(self, system: str, name: str, wanted: Callable[[Row], bool]) -> list[Row]:
        """Take out every version of the rows that are wanted; gives them back."""
        dropped = []
        for file in self.files(system, name):
            dropped += [row for row in file.rows if wanted(row)]
            file.rows[:] = [row for row in file.rows if not wanted(row)]
        return dropped

    def add(self, system: str, name: str, row: Row, beside: Callable[[Row], bool]) -> None:
        """Put a row into the first file that holds a row that is wanted. Raises LookupError when there is none."""
        for file in self.files(system, name):
            if any(beside(other) for other in file.rows):
                columns = dict.fromkeys(file.rows[0]) if file.path.suffix == ".csv" else {}
                file.rows.append({**dict.fromkeys(columns, ""), **row})
                return
        raise LookupError(f"no file of {system}/{name} holds such a row")

    def later(self, system: str, name: str, day: str) -> File:
        """The file of a delivery of a later day, of the same form as the first; it is made when there is none."""
        files = self.files(system, name)
        found = next((file for file in files if file.delivered_on == day), None)
        if found is None:
            first = files[0].path
            path = first.parents[1] / day / first.name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.with_name(path.name + MANIFEST).write_text(first.with_name(first.name + MANIFEST).read_text("utf-8"))
            path.touch()
            found = File(path, [])
            files.append(found)
            files.sort(key=lambda file: str(file.path))
        return found

    def save(self) -> None:
        """Write what was read again, with its manifests. A file without rows is not delivered."""
        for files in self._files.values():
            for file in files:
                write(file.path, file.content() if file.rows else None, len(file.rows))


def is_delivered(path: Path) -> bool:
    """Whether the file holds data, and does not speak about a file that does."""
    return path.is_file() and path.name != SUCCESS and not path.name.endswith(MANIFEST)


def read_bytes(path: Path) -> bytes:
    """The content of a file, decompressed."""
    content = path.read_bytes()
    return gzip.decompress(content) if path.suffix == ".gz" else content


def write(path: Path, content: bytes | None, rows: int | None = None) -> None:
    """Write a file and correct its manifest; without content, remove both. `rows` stay as they are when not given."""
    manifest = path.with_name(path.name + MANIFEST)
    if content is None:
        path.unlink(missing_ok=True)
        manifest.unlink(missing_ok=True)
        return
    if path.suffix == ".gz":
        content = gzip.compress(content, mtime=0)
    path.write_bytes(content)
    if manifest.exists():
        told = json.loads(manifest.read_text("utf-8"))
        told |= {"sha256": sha256(content).hexdigest()} | ({} if rows is None else {"rows": rows})
        manifest.write_text(json.dumps(told), "utf-8")


def read(path: Path) -> File:
    """A delivered file of records. Raises ValueError for any other."""
    text = read_bytes(path).decode()
    if path.suffix == ".csv":
        return File(path, list(csv.DictReader(io.StringIO(text))))
    if path.suffix == ".json":
        page = json.loads(text, parse_float=Decimal)
        return File(path, page["items"], page)
    if ".jsonl" in path.suffixes:
        return File(path, [json.loads(line, parse_float=Decimal) for line in text.splitlines()])
    raise ValueError(f"{path} has no rows that can be changed one by one")
