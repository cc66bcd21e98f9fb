"""Which fields of a usage event may enter the warehouse: those that the catalogue's meters declare, and no other."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ingestion.formats import catalogue
from ingestion.formats.streams import Source
from ingestion.records import FileRefused, Record

DELIVERY_DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")


@dataclass(frozen=True, slots=True)
class Meter:
    """``quantity_field`` holds the quantity, None when the meter counts events; ``dimensions`` are sorted."""

    event_type: str
    quantity_field: str | None
    dimensions: tuple[str, ...]


MeterBook = dict[str, Meter]


def meter_book(entries: Iterable[dict[str, Any]]) -> MeterBook:
    """The meters by event type. Of several versions the last one names the quantity; dimensions are those of all."""
    book: MeterBook = {}
    for entry in entries:
        event_type = str(entry["event_type"])
        known = book.get(event_type)
        dimensions = {*(known.dimensions if known else ()), *(str(name) for name in entry.get("dimensions") or ())}
        counts = entry["aggregation"] == "count"
        book[event_type] = Meter(
            event_type, None if counts else str(entry["quantity_field"]), tuple(sorted(dimensions))
        )
    return book


def delivered_meters(landing: Path) -> list[tuple[str, dict[str, Any]]]:
    """Delivery date and entry of every valid meter that stands in the landing folder, oldest first."""
    found: list[tuple[str, dict[str, Any]]] = []
    root = landing / "catalog" / "meters"
    if not root.is_dir():
        return found
    for day in sorted(folder for folder in root.iterdir() if folder.is_dir() and DELIVERY_DAY.fullmatch(folder.name)):
        for path in sorted(day.rglob("*")):
            source = Source(path, str(path))
            if path.is_file() and source.extension in {".yaml", ".yml"} and not path.name.startswith((".", "_")):
                try:
                    found.extend(
                        (day.name, item.fields) for item in catalogue.read(source, "meters") if isinstance(item, Record)
                    )
                except FileRefused:
                    continue  # loading that file tells why
    return found
