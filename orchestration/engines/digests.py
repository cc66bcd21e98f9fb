"""Digests of relations that do not depend on the engine that holds them: equal for equal rows, in whatever order.

Every value becomes one text: numbers without trailing zeros, instants in UTC with microseconds, null told apart from
text. Numbers are compared to twelve decimals, for a quotient without an end has other digits on every engine; amounts
of money are whole minor units, so of them nothing is cut. Evidence (JSON in a text) shows numbers with the zeros that
their source wrote on Postgres, and without them elsewhere: there they are compared without.
"""

from __future__ import annotations

import hashlib
import re
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime
from decimal import ROUND_HALF_UP, Context, Decimal
from typing import Any

import pyarrow as pa

NULL = "\x00"
BETWEEN = "\x1f"
LAST_DECIMAL = Decimal(1).scaleb(-12)
NUMBER_IN_EVIDENCE = re.compile(r'"(-?\d+)(\.\d*?)0*"')
EXACT = Context(prec=100, rounding=ROUND_HALF_UP)


class FloatFound(RuntimeError):
    """A relation of the chain has a column of binary floats, which cannot hold amounts; the message names both."""


@dataclass(frozen=True)
class Rows:
    """A relation's content: its columns by name and its rows as texts, each with the number of times it is there."""

    columns: tuple[str, ...]
    texts: Mapping[str, int]

    @property
    def count(self) -> int:
        """How many rows there are."""
        return sum(self.texts.values())

    @property
    def digest(self) -> str:
        """The same for the same rows."""
        hashes = hashlib.sha256(BETWEEN.join(self.columns).encode())
        for text, times in sorted(self.texts.items()):
            hashes.update(f"{times}:{text}\n".encode())
        return hashes.hexdigest()[:16]


def rows(table: pa.Table, numbers: Iterable[str] = ()) -> Rows:
    """The content of a table; columns named in ``numbers`` hold numbers as texts.

    Raises FloatFound for a column of floats.
    """
    for field in table.schema:
        if pa.types.is_floating(field.type):
            raise FloatFound(f"column {field.name} holds binary floats ({field.type})")
    as_numbers = set(numbers)
    names = sorted(table.column_names)
    columns = [
        [_text(Decimal(value) if name in as_numbers and value is not None else value) for value in column]
        for name in names
        for column in [table.column(name).to_pylist()]
    ]
    texts = Counter(BETWEEN.join(values) for values in zip(*columns, strict=True))
    return Rows(tuple(names), texts)


def differences(left: Rows, right: Rows, most: int = 3) -> list[str]:
    """The first rows that one side has and the other has not, told by the columns in which the nearest rows differ."""
    if left.columns != right.columns:
        return [f"columns differ: {sorted(set(left.columns) ^ set(right.columns))}"]
    lines = []
    for sign, mine, others in (("-", left, right), ("+", right, left)):
        surplus = sorted((Counter(mine.texts) - Counter(others.texts)).elements())
        lines += [f"{sign} {_shown(text, left.columns)}" for text in surplus[:most]]
        if len(surplus) > most:
            lines.append(f"{sign} ... {len(surplus) - most} more")
    return lines


def _text(value: Any) -> str:
    if value is None:
        return NULL
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int | Decimal):
        rounded = EXACT.quantize(Decimal(value), LAST_DECIMAL)
        return format(rounded.normalize(EXACT) + 0 if rounded else Decimal(0), "f")
    if isinstance(value, date):
        return _instant(value) if isinstance(value, datetime) else value.isoformat()
    if isinstance(value, str) and value.startswith("{"):
        return NUMBER_IN_EVIDENCE.sub(lambda number: f'"{number[1]}{number[2].rstrip(".")}"', value)
    return str(value)


def _instant(value: datetime) -> str:
    instant = value.astimezone(UTC) if value.tzinfo else value.replace(tzinfo=UTC)
    return instant.strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def _shown(text: str, columns: tuple[str, ...]) -> str:
    values = text.split(BETWEEN)
    return ", ".join(
        f"{name}={'null' if value == NULL else value}" for name, value in zip(columns, values, strict=False)
    )
