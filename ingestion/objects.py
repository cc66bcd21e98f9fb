"""What the landing door needs to know about an object, and the strict readings its rules are made of."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

from ingestion.records import BadRecord
from ingestion.timestamps import instant

JSON_FORMATS = ("jsonl", "ndjson", "json", "parquet")
TABLE_FORMATS = ("csv", "parquet")
PAGED_FORMATS = ("csv", "json", "jsonl", "parquet")
NO_TEXTS: frozenset[str] = frozenset()

DECIMAL = re.compile(r"[+-]?[0-9]{1,38}(\.[0-9]{1,38})?")
CURRENCY = re.compile(r"[A-Za-z]{3}")
WHOLE = re.compile(r"[0-9]{1,18}")
ZONE = re.compile(r"[A-Za-z0-9_+/-]{1,64}")

Cast = Callable[[Any], Any]
Rule = Callable[[dict[str, Any]], None]


def decimal_text(value: Any) -> Any:
    """A plain finite decimal in ASCII digits, as it stands. Raises BadRecord ``bad_number``."""
    if not DECIMAL.fullmatch(str(value)) or isinstance(value, bool):
        raise BadRecord("bad_number", f"{value!r} is no plain decimal such as 12.50")
    return value


def positive_text(value: Any) -> Any:
    """As decimal_text, and above zero."""
    if not str(decimal_text(value)).lstrip("+").strip("0.") or str(value).startswith("-"):
        raise BadRecord("bad_number", f"{value!r} is not above zero")
    return value


def share_text(value: Any) -> Any:
    """As decimal_text, from 0 to 1."""
    if not 0 <= Decimal(str(decimal_text(value))) <= 1:
        raise BadRecord("bad_number", f"{value!r} is no share from 0 to 1; write 0.19 for 19 per cent")
    return value


def currency_text(value: Any) -> Any:
    """Three letters, in any case; the currency may be one of the past. Raises BadRecord ``bad_value``."""
    if not isinstance(value, str) or not CURRENCY.fullmatch(value):
        raise BadRecord("bad_value", f"{value!r} is no currency such as EUR")
    return value


def interval(start: str, end: str) -> Rule:
    """A rule: the day in ``end``, which is not part of the interval, is after that in ``start``."""

    def check(fields: dict[str, Any]) -> None:
        first, last = fields.get(start), fields.get(end)
        if first is not None and last is not None and str(last) <= str(first):
            raise BadRecord(
                "bad_interval",
                f"{end} {last} is not after {start} {first}; {end} is the first day on which it no longer holds",
            )

    return check


def whole_text(value: Any) -> Any:
    """Digits alone. Raises BadRecord ``bad_number``."""
    if not WHOLE.fullmatch(str(value)) or isinstance(value, bool):
        raise BadRecord("bad_number", f"{value!r} is no whole number")
    return value


def zone_text(value: Any) -> Any:
    """A name of the time zone database. Raises BadRecord ``bad_value``."""
    if not isinstance(value, str) or not ZONE.fullmatch(value):
        raise BadRecord("bad_value", f"{value!r} is no time zone such as Europe/Berlin")
    return value


@dataclass(frozen=True, slots=True)
class ObjectSpec:
    """Rules of one object.

    ``identity`` are the fields that make the record id, joined by ``|``; ``id_form`` brings each to its one form.
    ``optional_identity`` is used instead where a record has it; a field of ``may_be_empty`` is empty in the id when
    null. ``required`` must be in the header of a table and have a value in every record, as the identity must.
    ``casts`` are read strictly but stored as they came; ``rules`` look at what no single field shows. ``updated_at``
    is the field with the system's own time of change, ``clock`` how it is read. ``nulls`` are texts that mean null.
    ``object_type`` is what the record says it is in its field ``object``, ``deleted`` the field that says it is gone.
    ``observed``: records do not say when they changed, so their versions are in the order in which they were read from
    the system, which a manifest says (``as_of``); without one, the delivery date.
    """

    system: str
    name: str
    table: str
    formats: tuple[str, ...]
    identity: tuple[str, ...]
    required: tuple[str, ...] = ()
    optional_identity: tuple[str, ...] = ()
    may_be_empty: tuple[str, ...] = ()
    id_form: Callable[[str], str] = str
    casts: tuple[tuple[str, Cast], ...] = ()
    rules: tuple[Rule, ...] = ()
    updated_at: str | None = None
    clock: Callable[[Any], datetime] = instant
    nulls: frozenset[str] = NO_TEXTS
    object_type: str | None = None
    deleted: str | None = None
    observed: bool = False
    api_version: str | None = None

    @property
    def columns(self) -> tuple[str, ...]:
        """Columns without which a table of this object cannot be loaded."""
        return tuple(dict.fromkeys((*self.identity, *self.required)))

    @property
    def known(self) -> frozenset[str]:
        """Every field that loading itself reads."""
        own = (self.updated_at, self.deleted, "object" if self.object_type else None)
        casts = (name for name, _ in self.casts)
        return frozenset(name for name in (*self.columns, *self.optional_identity, *casts, *own) if name is not None)
