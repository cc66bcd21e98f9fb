"""Writing complete deliveries: bytes that depend on nothing but the content, and a manifest or `_SUCCESS` beside them."""

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
    """Writes `<root>/<system>/<object>/<date>/<file>`. `manifest` systems get `<file>.manifest.json`, others `_SUCCESS`."""

    def __init__(self, root: Path, success_systems: frozenset[str] = frozenset()) -> None:
        self.root = root
        self.written = Written()
        self._success_systems = success_systems

    def folder(self, system: str, name: str, day: date) -> Path:
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
        rows: int,
        control_totals: dict[str, str] | None = None,
        extra: dict[str, str] | None = None,
    ) -> None:
        """Write one whole file. A name that ends in .gz is compressed without a timestamp."""
        if file_name.endswith(".gz"):
            content = _gzip(content)
        path = self.folder(system, name, day) / file_name
        path.write_bytes(content)
        self.seal(path, system, rows, sha256(content).hexdigest(), len(content), control_totals or {}, extra)

    def seal(
        self,
        path: Path,
        system: str,
        rows: int,
        digest: str,
        size: int,
        control_totals: dict[str, str],
        extra: dict[str, str] | None = None,
    ) -> None:
        """Say that the file is complete."""
        self.written.files += 1
        self.written.rows += rows
        self.written.bytes += size
        if system in self._success_systems:
            (path.parent / "_SUCCESS").write_bytes(b"")
            return
        manifest = {"rows": rows, "sha256": digest, "control_totals": control_totals, **(extra or {})}
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
        self._stream.write(lines)
        self._digest.update(lines)
        self._size += len(lines)
        self.rows += count

    def close(self) -> None:
        self._stream.close()
        self._landing.seal(self._path, self._system, self.rows, self._digest.hexdigest(), self._size, {})


def _gzip(content: bytes) -> bytes:
    buffer = io.BytesIO()
    with gzip.GzipFile(fileobj=buffer, mode="wb", mtime=0) as stream:
        stream.write(content)
    return buffer.getvalue()
