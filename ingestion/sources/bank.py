"""Bank statements: camt.053, MT940, BAI2, and CSV with a profile. A record is a statement that adds up."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from ingestion.formats import bai2, bank_csv, camt053, mt940
from ingestion.formats.streams import Source
from ingestion.objects import ObjectSpec
from ingestion.records import Record, Reject

FORMATS = ("xml", "sta", "mt940", "940", "bai", "bai2", "txt", "csv")
OBJECTS = (ObjectSpec("bank", "statements", "bank__statements", FORMATS, ("record_id",)),)
READERS: dict[str, Callable[[Source], Iterator[Record | Reject]]] = {
    ".xml": camt053.read,
    ".sta": mt940.read,
    ".mt940": mt940.read,
    ".940": mt940.read,
    ".bai": bai2.read,
    ".bai2": bai2.read,
    ".csv": bank_csv.read,
}
HEAD_BYTES = 4096


def read(source: Source) -> Iterator[Record | Reject]:
    """Every statement of the file; the format follows from the extension, for ``.txt`` from how the file begins."""
    return (READERS.get(source.extension) or _by_content(source))(source)


def _by_content(source: Source) -> Callable[[Source], Iterator[Record | Reject]]:
    with source.open() as stream:
        head = stream.read(HEAD_BYTES).removeprefix(b"\xef\xbb\xbf").lstrip()
    if head.startswith(b"<"):
        return camt053.read
    return bai2.read if head.startswith(b"01,") else mt940.read
