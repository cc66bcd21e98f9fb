"""Files written for a test, as sources a reader can read."""

from pathlib import Path

from ingestion.delivery import Delivery
from ingestion.formats.streams import Source
from ingestion.records import Record, Reject
from ingestion.stores import Content


def source(folder: Path, name: str, content: bytes | str) -> Source:
    """A file in ``folder`` with this content."""
    path = folder / name
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return Source(path, name)


def fates(found):
    """What a reader yielded, as pairs: the line and the reason, or the line and the fields."""
    return [(one.line_no, one.reason if isinstance(one, Reject) else one.fields) for one in found]


def records(found):
    """The fields of the records."""
    return [one.fields for one in found if isinstance(one, Record)]


def rejects(found):
    """The rejects."""
    return [one for one in found if isinstance(one, Reject)]


def content_of(delivery: Delivery) -> Content:
    """What the bytes of a delivery are known by."""
    with delivery.fetched() as content:
        return content
