"""Which fields of a usage event may enter the warehouse: those that the catalogue's meters declare, and no other."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal
from pathlib import PurePosixPath
from typing import Any

from ingestion.formats import catalogue
from ingestion.formats.streams import Source
from ingestion.records import FileRefused, Record
from ingestion.stores import Store

DELIVERY_DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")


@dataclass(frozen=True, slots=True)
class Meter:
    """``quantity_field`` holds the quantity, None when the meter needs none; ``dimensions`` are sorted.

    A quantity below ``minimum``, above ``maximum`` or with more than ``decimals`` places is no quantity of this meter;
    None declares nothing.
    """

    event_type: str
    quantity_field: str | None
    dimensions: tuple[str, ...]
    minimum: Decimal | None = None
    maximum: Decimal | None = None
    decimals: int | None = None


MeterBook = dict[str, Meter]


def meter_book(entries: Iterable[dict[str, Any]]) -> MeterBook:
    """The meters by event type. The last version says what a quantity is; dimensions are those of every version."""
    book: MeterBook = {}
    for entry in entries:
        event_type = str(entry["event_type"])
        known = book.get(event_type)
        dimensions = {*(known.dimensions if known else ()), *(str(name) for name in entry.get("dimensions") or ())}
        field = None if entry["aggregation"] == "count" else entry.get("quantity_field")
        book[event_type] = Meter(
            event_type,
            None if field is None else str(field),
            tuple(sorted(dimensions)),
            _bound(entry, "minimum_quantity"),
            _bound(entry, "maximum_quantity"),
            entry.get("quantity_decimals"),
        )
    return book


def _bound(entry: dict[str, Any], name: str) -> Decimal | None:
    value = entry.get(name)
    return None if value is None else Decimal(str(value))


def delivered_meters(store: Store) -> list[tuple[str, dict[str, Any]]]:
    """Delivery date and entry of every valid meter that stands in the landing place, oldest first.

    Raises StoreFailed when the store does not answer.
    """
    found: list[tuple[str, dict[str, Any]]] = []
    for key in store.files("catalog/meters"):
        _, _, day, *names = key.split("/")
        if not names or not DELIVERY_DAY.fullmatch(day) or names[-1].startswith((".", "_")):
            continue
        if not PurePosixPath(key).name.lower().removesuffix(".gz").removesuffix(".zst").endswith((".yaml", ".yml")):
            continue
        try:
            with store.fetched(key) as content:
                read = list(catalogue.read(Source(content.path, key), "meters"))
        except FileRefused:
            continue  # loading that file tells why
        found.extend((day, item.fields) for item in read if isinstance(item, Record))
    return found
