"""Versions of records by the instant they were recorded, and the deliveries they end up in.

The first delivery holds the last state of everything recorded before its day; each later one holds the last state of
what was recorded the day before. A record that did not change is not delivered again.
"""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from ingestion.sample_company.days import delivery_day
from ingestion.sample_company.landing_files import Landing

Row = dict[str, Any]


@dataclass(frozen=True)
class Version:
    """One state of one record; `variant` says which file of a delivery it goes to (an API version, or '')."""

    record_id: str
    recorded: datetime
    variant: str
    row: Row


@dataclass
class Extract:
    """All versions of all objects of one system, in the order they were added."""

    system: str
    versions: dict[str, list[Version]] = field(default_factory=dict)

    def add(self, name: str, record_id: str, recorded: datetime, row: Row, variant: str = "") -> None:
        """Keep one state of a record."""
        self.versions.setdefault(name, []).append(Version(record_id, recorded, variant, row))

    def deliveries(self, name: str) -> dict[tuple[date, str], list[Row]]:
        """Rows by delivery date and variant; a record stands once in a delivery, in its last state."""
        last: dict[tuple[date, str], Version] = {}
        for version in sorted(self.versions.get(name, []), key=lambda candidate: candidate.recorded):
            last[delivery_day(version.recorded), version.record_id] = version
        grouped: dict[tuple[date, str], list[Version]] = {}
        for (day, _), version in last.items():
            grouped.setdefault((day, version.variant), []).append(version)
        return {
            key: [
                version.row
                for version in sorted(group, key=lambda candidate: (candidate.recorded, candidate.record_id))
            ]
            for key, group in sorted(grouped.items())
        }


def json_lines(rows: list[Row]) -> bytes:
    """One object a line. Decimals are printed as numbers with their own digits, never through a float."""
    text = "".join(json.dumps(row, separators=(",", ":"), default=_marked) + "\n" for row in rows)
    return text.replace('"\\u0001', "").replace('\\u0001"', "").encode()


def _marked(value: object) -> str:
    if not isinstance(value, Decimal):
        raise TypeError(f"cannot write {type(value).__name__} as JSON")
    return f"\1{value:f}\1"


def csv_rows(columns: list[str]) -> Callable[[list[Row]], bytes]:
    """A writer of CSV with a header; None becomes an empty field."""

    def encode(rows: list[Row]) -> bytes:
        buffer = io.StringIO()
        writer = csv.DictWriter(buffer, columns, lineterminator="\n", restval="")
        writer.writeheader()
        for row in rows:
            writer.writerow({column: "" if row.get(column) is None else row[column] for column in columns})
        return buffer.getvalue().encode()

    return encode


def write_json_lines(landing: Landing, extract: Extract, *, compressed: frozenset[str] = frozenset()) -> None:
    """Every object of the extract as JSON lines, one file per delivery and variant."""
    for name in sorted(extract.versions):
        for (day, variant), rows in extract.deliveries(name).items():
            label = f"{name}-{variant}" if variant else name
            file_name = f"{label}.jsonl" + (".gz" if name in compressed else "")
            extra = {"api_version": variant} if variant else {}
            landing.write(extract.system, name, day, file_name, json_lines(rows), rows=len(rows), extra=extra)


def write_csv(landing: Landing, extract: Extract, columns: dict[str, list[str]]) -> None:
    """Every object of the extract as CSV, one file per delivery."""
    for name in sorted(extract.versions):
        encode = csv_rows(columns[name])
        for (day, _), rows in extract.deliveries(name).items():
            landing.write(extract.system, name, day, f"{name}.csv", encode(rows), rows=len(rows))
