"""Bytes of a delivered file: unpacked while they are read, with a cap on what a small file may unpack to."""

from __future__ import annotations

import io
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

import pyarrow as pa

from ingestion.records import FileRefused

PACKINGS = {".gz": "gzip", ".zst": "zstd"}
BLOCK = 1 << 20
# A text that is nothing but one repeated event packs to 1:150; a bomb reaches 1:1000 (gzip) and far more (zstd).
MAX_RATIO = 400
RATIO_FREE_BYTES = 64 << 20
MAX_BYTES = 200 << 30
# Formats that are one document cannot be streamed.
MAX_DOCUMENT_BYTES = 256 << 20


@dataclass(frozen=True, slots=True)
class Source:
    """A delivered file. ``label`` is how people are told about it, for example ``usage/events/2026-10-28/a.jsonl``."""

    path: Path
    label: str

    @property
    def extension(self) -> str:
        """Lower-case extension without the packing: ``.jsonl`` for ``events.jsonl.gz``."""
        name = self.path.name.lower()
        for packing in PACKINGS:
            name = name.removesuffix(packing)
        return Path(name).suffix

    @property
    def packing(self) -> str | None:
        """``gzip``, ``zstd`` or None."""
        return PACKINGS.get(self.path.suffix.lower())

    def at(self, line_no: int) -> str:
        """``label:line``, as an editor would jump to it."""
        return f"{self.label}:{line_no}"

    @contextmanager
    def open(self) -> Iterator[BinaryIO]:
        """The unpacked bytes, streamed. Raises FileRefused ``incomplete`` or ``unpacks_too_large`` while reading."""
        with self.path.open("rb") as file:
            if self.packing is None:
                yield file
                return
            unpacked = _Unpacked(file, self.packing, self.path.stat().st_size, self.label)
            yield io.BufferedReader(unpacked, BLOCK)

    def whole(self, cap: int = MAX_DOCUMENT_BYTES) -> bytes:
        """The unpacked bytes at once, for formats that are one document. Raises FileRefused ``too_large``."""
        with self.open() as stream:
            content = stream.read(cap + 1)
        if len(content) > cap:
            raise FileRefused(
                "too_large", f"{self.label} is larger than {cap >> 20} MB in one document; deliver it in parts"
            )
        return content


class _Unpacked(io.RawIOBase):
    """Raw stream of the unpacked bytes of a gzip or zstd file, several members or frames included."""

    def __init__(self, file: BinaryIO, packing: str, packed_bytes: int, label: str) -> None:
        self._stream = pa.CompressedInputStream(pa.PythonFile(file, mode="r"), packing)
        self._cap = min(MAX_BYTES, max(RATIO_FREE_BYTES, packed_bytes * MAX_RATIO))
        self._label = label
        self._count = 0

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: object) -> int:
        view = memoryview(buffer).cast("B")  # type: ignore[arg-type]
        try:
            block = self._stream.read(len(view))
        except OSError as error:
            raise FileRefused(
                "incomplete",
                f"{self._label} cannot be unpacked ({error}): the file was cut or damaged; deliver it again",
            ) from error
        self._count += len(block)
        if self._count > self._cap:
            raise FileRefused(
                "unpacks_too_large",
                f"{self._label} unpacks to more than {self._cap} bytes, which no honest extract of its size does",
            )
        view[: len(block)] = block
        return len(block)
