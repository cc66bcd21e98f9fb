"""Bank statements: camt.053, MT940, BAI2, and CSV with a profile. A record is a statement that adds up."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from ingestion.formats import bai2, bank_csv, camt053, mt940
from ingestion.formats.streams import Source
from ingestion.objects import ObjectSpec
from ingestion.records import Record, Reject, readable

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
    """Every statement of the file; the format follows from the extension, for ``.txt`` from how the file begins.

    Two statements of one name that say different things contradict each other: neither lands (``two_versions``).
    """
    found = list((READERS.get(source.extension) or _by_content(source))(source))
    payloads: dict[str, set[str]] = {}
    for one in found:
        if isinstance(one, Record):
            payloads.setdefault(one.fields["record_id"], set()).add(one.payload)
    for one in found:
        if isinstance(one, Record) and len(payloads[one.fields["record_id"]]) > 1:
            yield _contradicted(source, one)
        else:
            yield one


def _contradicted(source: Source, record: Record) -> Reject:
    identity = record.fields["record_id"]
    return Reject(
        record.line_no,
        "two_versions",
        f"{source.at(record.line_no)}: {identity} stands in this file twice, and differs; ask the bank which holds",
        readable(record.payload),
        identity,
    )


def _by_content(source: Source) -> Callable[[Source], Iterator[Record | Reject]]:
    with source.open() as stream:
        head = stream.read(HEAD_BYTES).removeprefix(b"\xef\xbb\xbf").lstrip()
    if head.startswith(b"<"):
        return camt053.read
    return bai2.read if head.startswith(b"01,") else mt940.read
