"""Writing complete deliveries: bytes that depend on the content alone, and a manifest or `_SUCCESS` beside them."""

from __future__ import annotations

import gzip
import io
import json
from dataclasses import dataclass
from datetime import date
from hashlib import sha256
from pathlib import Path
from typing import BinaryIO


@dataclass
class Written:
    """Running totals of everything under one landing folder."""

    files: int = 0
    rows: int = 0
    bytes: int = 0


class Landing:
    """Writes `<root>/<system>/<object>/<date>/<file>` with `<file>.manifest.json`, or `_SUCCESS` for some systems."""

    def __init__(self, root: Path, success_systems: frozenset[str] = frozenset()) -> None:
        self.root = root
        self.written = Written()
        self._success_systems = success_systems

    def folder(self, system: str, name: str, day: date) -> Path:
        """The delivery folder, made when it is not there."""
        path = self.root / system / name / day.isoformat()
        path.mkdir(parents=True, exist_ok=True)
        return path

    def write(
        self,
        system: str,
        name: str,
        day: date,
        file_name: str,
        content: bytes,
        *,
        rows: int,
        extra: dict[str, str] | None = None,
    ) -> None:
        """Write one whole file. A name that ends in .gz is compressed without a timestamp."""
        if file_name.endswith(".gz"):
            content = _gzip(content)
        path = self.folder(system, name, day) / file_name
        path.write_bytes(content)
        self.seal(path, system, rows=rows, digest=sha256(content).hexdigest(), size=len(content), extra=extra)

    def seal(
        self,
        path: Path,
        system: str,
        *,
        rows: int,
        digest: str,
        size: int,
        extra: dict[str, str] | None = None,
    ) -> None:
        """Say that the file is complete."""
        self.written.files += 1
        self.written.rows += rows
        self.written.bytes += size
        if system in self._success_systems:
            (path.parent / "_SUCCESS").write_bytes(b"")
            return
        manifest = {"rows": rows, "sha256": digest, "control_totals": {}, **(extra or {})}
        path.with_name(path.name + ".manifest.json").write_text(json.dumps(manifest) + "\n")


class StreamedFile:
    """A file too large for memory: lines are appended, the digest is kept, the manifest is written at the end."""

    def __init__(self, landing: Landing, system: str, name: str, day: date, file_name: str) -> None:
        self._landing = landing
        self._system = system
        self._path = landing.folder(system, name, day) / file_name
        self._stream: BinaryIO = self._path.open("wb", buffering=1 << 20)
        self._digest = sha256()
        self._size = 0
        self.rows = 0

    def append(self, lines: bytes, count: int) -> None:
        """Add whole lines."""
        self._stream.write(lines)
        self._digest.update(lines)
        self._size += len(lines)
        self.rows += count

    def close(self) -> None:
        """Finish the file and say so."""
        self._stream.close()
        self._landing.seal(self._path, self._system, rows=self.rows, digest=self._digest.hexdigest(), size=self._size)


def _gzip(content: bytes) -> bytes:
    buffer = io.BytesIO()
    with gzip.GzipFile(fileobj=buffer, mode="wb", mtime=0) as stream:
        stream.write(content)
    return buffer.getvalue()
