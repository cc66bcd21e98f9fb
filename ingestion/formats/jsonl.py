"""JSON lines: one object a line; and JSON pages, where a document (or a line) holds a list of records.

Pages are what list endpoints return: ``{"items": [...]}`` (SuiteQL) and ``{"object": "list", "data": [...]}`` (Stripe).
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from ingestion.formats import strict_json
from ingestion.formats.lines import BOM, FOREIGN_BOMS, physical_lines, strict_text
from ingestion.formats.streams import Source
from ingestion.records import BadRecord, FileRefused, Record, Reject, readable


def read_lines(source: Source) -> Iterator[Record | Reject]:
    """Every line that is not blank, as a record or a reject; a line that is a page gives the records of the page."""
    place = 0
    with source.open() as stream:
        for line_no, line in physical_lines(source, stream):
            if line.isspace():
                continue
            try:
                text = strict_text(line).strip()
                value = strict_json.parse(text)
            except BadRecord as bad:
                place = max(place + 1, line_no)
                yield Reject(place, bad.reason, f"{source.at(line_no)}: {bad.detail}", readable(line.rstrip(b"\r\n")))
                continue
            items = page_items(value)
            if items is None:
                place = max(place + 1, line_no)
                yield _record(source, place, line_no, value, text)
                continue
            for item in items:
                place = max(place + 1, line_no)
                yield _record(source, place, line_no, item, strict_json.dump(item))


def read_document(source: Source) -> Iterator[Record | Reject]:
    """The records of a file that is one JSON document: a page, a plain list, or a single object.

    Raises FileRefused ``format`` when the document as a whole is no JSON.
    """
    content = source.whole()
    if content.startswith(FOREIGN_BOMS):
        raise FileRefused("encoding", f"{source.label} is UTF-16; write it as UTF-8")
    try:
        value = strict_json.parse(strict_text(content.removeprefix(BOM)))
    except BadRecord as bad:
        raise FileRefused(
            "format", f"{source.label} is one document and cannot be read: {bad.reason}, {bad.detail}"
        ) from bad
    items = page_items(value)
    if items is None:
        items = value if isinstance(value, list) else [value]
    for place, item in enumerate(items, start=1):
        yield _record(source, place, place, item, strict_json.dump(item))


def page_items(value: Any) -> list[Any] | None:
    """The records of a page, or None when ``value`` is no page."""
    if isinstance(value, dict):
        if isinstance(value.get("items"), list) and "id" not in value:
            return list(value["items"])
        if value.get("object") == "list" and isinstance(value.get("data"), list):
            return list(value["data"])
    return None


def _record(source: Source, place: int, line_no: int, value: Any, payload: str) -> Record | Reject:
    if isinstance(value, dict):
        return Record(place, value, payload)
    detail = f"{source.at(line_no)}: a record is a JSON object, and this is {_kind(value)}"
    return Reject(place, "not_an_object", detail, readable(payload))


def _kind(value: Any) -> str:
    if value is None:
        return "null"
    return {"bool": "true or false", "str": "a text", "list": "a list"}.get(type(value).__name__, "a number")
