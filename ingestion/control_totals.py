"""Control totals of a delivery's manifest, proven against the records of its file while they are read.

Of usage events: ``event_count`` and ``quantity_sum`` of the file, and ``event_types`` with the same two by event type.
Of documents: the sum of a column or top-level field, under its name. Numbers or decimal texts; each may be left out.
They count what was delivered, repetitions included. A record that cannot be read has no quantity: a sum is then not
proven, a count only as far as the unreadable ones leave it open.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from decimal import Context, Decimal, Inexact
from typing import Any

import pyarrow as pa

from ingestion.records import FileRefused, Record

# Sums are exact, or there are none: a number has at most 300 digits on either side of the point.
EXACT = Context(prec=1000, traps=[Inexact])
NUMBER = re.compile(r"[+-]?([0-9]+(\.[0-9]*)?|\.[0-9]+)([eE][+-]?[0-9]{1,3})?")
WIDE = pa.decimal256(76, 9)
COUNT, SUM, BY_TYPE = "event_count", "quantity_sum", "event_types"


@dataclass(slots=True)
class UsageTotals:
    """Counts and sums of the events of one file, in the units of their meters."""

    unreadable: int = 0
    counts: dict[str, int] = field(default_factory=dict)
    sums: dict[str, Decimal] = field(default_factory=dict)

    def add(self, events: pa.Table, unreadable: int) -> None:
        """Count the events of a part, repetitions included, and the records of it that are none."""
        self.unreadable += unreadable
        wide = pa.table({"type": events.column("event_type"), "quantity": events.column("quantity").cast(WIDE)})
        for found in wide.group_by("type").aggregate([("quantity", "sum"), ("quantity", "count")]).to_pylist():
            name = found["type"]
            self.counts[name] = self.counts.get(name, 0) + found["quantity_count"]
            self.sums[name] = EXACT.add(self.sums.get(name, Decimal(0)), found["quantity_sum"])

    def prove(self, label: str, declared: dict[str, Any]) -> None:
        """Raise FileRefused ``incomplete``, with both numbers, where the file and ``declared`` differ."""
        _check_names(label, declared, (COUNT, SUM, BY_TYPE))
        count = sum(self.counts.values()) + self.unreadable
        if COUNT in declared and _number(label, COUNT, declared[COUNT]) != count:
            raise _differs(label, COUNT, count, declared[COUNT])
        self._prove_sum(label, SUM, _sum(self.sums.values()), declared)
        by_type = declared.get(BY_TYPE, {})
        if not isinstance(by_type, dict) or not all(isinstance(totals, dict) for totals in by_type.values()):
            raise FileRefused(
                "incomplete", f"{label}: its manifest says {BY_TYPE} {by_type!r}; write an object by type"
            )
        for name, totals in by_type.items():
            place = f"{BY_TYPE}.{name}"
            _check_names(label, totals, (COUNT, SUM))
            counted = self.counts.get(name, 0)
            missing = _number(label, f"{place}.{COUNT}", totals.get(COUNT, counted)) - counted
            if not 0 <= missing <= self.unreadable:
                raise _differs(label, f"{place}.{COUNT}", counted, totals[COUNT])
            self._prove_sum(label, f"{place}.{SUM}", self.sums.get(name, Decimal(0)), totals)

    def _prove_sum(self, label: str, place: str, found: Decimal, declared: dict[str, Any]) -> None:
        if SUM in declared and not self.unreadable and _number(label, place, declared[SUM]) != found:
            raise _differs(label, place, found, declared[SUM])


@dataclass(slots=True)
class ColumnTotals:
    """Sums of the columns that a manifest names, over every record of one file."""

    declared: dict[str, Any]
    sums: dict[str, Decimal] = field(default_factory=dict)
    unreadable: int = 0

    def add(self, found: Record | object) -> None:
        """Add the record's values; an empty one is nothing. What is no record makes the sums unprovable."""
        if not isinstance(found, Record):
            self.unreadable += 1
            return
        for name in self.declared:
            value = found.fields.get(name)
            if value is None or value == "":
                continue
            text = str(value)
            if isinstance(value, (bool, dict, list)) or not NUMBER.fullmatch(text):
                raise FileRefused(
                    "incomplete",
                    f"the manifest gives a control total of {name!r}, which is no number in record {found.line_no}; "
                    "leave it out, or deliver the file again",
                )
            self.sums[name] = EXACT.add(self.sums.get(name, Decimal(0)), Decimal(text))

    def prove(self, label: str) -> None:
        """Raise FileRefused ``incomplete``, with both numbers, where the file and the manifest differ."""
        for name, value in self.declared.items():
            found = self.sums.get(name, Decimal(0))
            if _number(label, name, value) != found and not self.unreadable:
                raise _differs(label, name, found, value)


def _sum(numbers: Iterable[Decimal]) -> Decimal:
    total = Decimal(0)
    for number in numbers:
        total = EXACT.add(total, number)
    return total


def _number(label: str, name: str, value: Any) -> Decimal:
    text = str(value)
    if isinstance(value, bool) or not NUMBER.fullmatch(text):
        raise FileRefused(
            "incomplete", f"{label}: its manifest says {name} {value!r}; write a number, or a decimal as text"
        )
    return Decimal(text)


def _check_names(label: str, declared: dict[str, Any], known: tuple[str, ...]) -> None:
    unknown = sorted(set(declared) - set(known))
    if unknown:
        raise FileRefused(
            "incomplete", f"{label}: its manifest has the control total {unknown[0]!r}; known are {', '.join(known)}"
        )


def _differs(label: str, name: str, found: Any, declared: Any) -> FileRefused:
    shown = f"{found:f}" if isinstance(found, Decimal) else found
    return FileRefused(
        "incomplete", f"{label} has {name} {shown}, its manifest says {declared}; deliver it again, whole"
    )
