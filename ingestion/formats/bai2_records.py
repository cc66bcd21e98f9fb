"""Physical and logical records of BAI2, and what its type codes mean.

A physical record is a line or, in a file without line ends, as many characters as the header says. A record goes on in
the continuations (88) below it: field by field, or with the text that ends a detail (16).
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date, datetime

from ingestion.formats.lines import BOM
from ingestion.formats.streams import Source
from ingestion.records import BadRecord, FileRefused

MAX_BYTES = 64 << 20
HEADER, GROUP, ACCOUNT, DETAIL, ACCOUNT_END, CONTINUATION, GROUP_END, FILE_END = (
    *("01", "02", "03", "16"),
    *("49", "88", "98", "99"),
)
CODES = frozenset({HEADER, GROUP, ACCOUNT, DETAIL, ACCOUNT_END, CONTINUATION, GROUP_END, FILE_END})
INTEGER = re.compile(r"[+-]?[0-9]{1,18}")
LENGTH_FIELD = 6  # of the header: characters in a physical record
SHORTEST_RECORD = 10

CREDIT, DEBIT, STATUS, NON_MONETARY = 1, -1, 0, None
# First and last type code of a range, and which way its amounts move the account.
TYPES: tuple[tuple[int, int, int | None], ...] = (
    (1, 99, STATUS),
    (100, 399, CREDIT),
    (400, 699, DEBIT),
    (700, 719, STATUS),  # loans: balances and rates,
    (720, 728, CREDIT),  # payments and what they are applied to,
    (729, 759, STATUS),
    (760, 760, DEBIT),  # disbursement
    (761, 799, STATUS),
    (890, 890, NON_MONETARY),
    (900, 919, STATUS),  # agreed between bank and customer
    (920, 959, CREDIT),
    (960, 999, DEBIT),
)


@dataclass(slots=True)
class Line:
    """A logical record: code, line where it starts, and what stands after the code in each of its physical records."""

    code: str
    line_no: int
    parts: list[str]
    raw: list[str]

    @property
    def fields(self) -> list[str]:
        """The values of all its physical records, one after the other."""
        return [value.strip() for part in self.parts for value in part.removesuffix("/").split(",")]

    def field(self, index: int) -> str:
        """The value at ``index``, empty when the record ends before it."""
        found = self.fields
        return found[index] if index < len(found) else ""


class DetailFields:
    """The values of a detail, taken one by one, until its text begins."""

    def __init__(self, line: Line) -> None:
        """Start with the first value after the record code."""
        self._parts = list(line.parts)
        self._values: list[str] = []
        self._goes_on = True

    def take(self) -> str:
        """The next value; empty when the record has no more. A part that ends in a slash goes on in the next one."""
        while not self._values and self._parts and self._goes_on:
            part = self._parts.pop(0)
            self._goes_on = part.endswith("/")
            self._values = part.removesuffix("/").split(",")
        return self._values.pop(0).strip() if self._values else ""

    def text(self) -> str | None:
        """All that was not taken."""
        pieces = [",".join(self._values), *(part.removesuffix("/") for part in self._parts)]
        return " ".join(piece.strip() for piece in pieces if piece.strip()) or None


def logical_lines(source: Source) -> list[Line]:
    """Every logical record of the file. Raises FileRefused ``format`` for what is no BAI2 record."""
    found: list[Line] = []
    for line_no, physical in _physical(source):
        line = physical.strip()
        if not line:
            continue
        code, comma, rest = line[:2], line[2:3], line[3:]
        if code not in CODES or comma not in (",", "/"):
            raise FileRefused("format", f"{source.at(line_no)}: {line[:20]!r} is no BAI2 record")
        if code != CONTINUATION:
            found.append(Line(code, line_no, [rest], [physical]))
        elif found:
            found[-1].parts.append(rest)
            found[-1].raw.append(physical)
        else:
            raise FileRefused("format", f"{source.at(line_no)}: a continuation (88) of nothing")
    return found


def _physical(source: Source) -> list[tuple[int, str]]:
    """Number and text of every physical record."""
    content = source.whole(MAX_BYTES).removeprefix(BOM)
    try:
        text = content.decode("utf-8")
    except UnicodeDecodeError:
        text = content.decode("latin-1")  # every byte has a meaning in it
    lines = re.split(r"\r\n|\n|\r", text)
    if len([line for line in lines if line.strip()]) != 1:
        return list(enumerate(lines, start=1))
    header = text.lstrip().split("/", 1)[0].split(",")
    length = header[LENGTH_FIELD].strip() if len(header) > LENGTH_FIELD else ""
    if not re.fullmatch("[0-9]{1,5}", length) or int(length) < SHORTEST_RECORD:
        return [(1, text)]
    size, body = int(length), text.lstrip()
    return [(number, body[start : start + size]) for number, start in enumerate(range(0, len(body), size), start=1)]


def side(code: str, line_no: int) -> int | None:
    """1 for a credit, -1 for a debit, None for what moves no money. Raises BadRecord ``type_code`` for all others."""
    if re.fullmatch("[0-9]{1,3}", code):
        for first, last, found in TYPES:
            if first <= int(code) <= last and found != STATUS:
                return found
    raise BadRecord(
        "type_code",
        f"type {code!r} in line {line_no} is no movement: credits are 100-399, 720-728 and 920-959, "
        "debits 400-699, 760 and 960-999",
    )


def number(text: str) -> int:
    """A whole number of minor units. Raises BadRecord ``bad_amount``."""
    stripped = text.strip()
    if not INTEGER.fullmatch(stripped):
        raise BadRecord("bad_amount", f"{text!r} is no amount; BAI2 amounts are digits without a point")
    return int(stripped)


def as_of_day(text: str) -> date:
    """The day of YYMMDD. Raises BadRecord ``bad_date``."""
    try:
        if re.fullmatch(r"[0-9]{6}", text):
            return datetime.strptime(text, "%y%m%d").date()  # noqa: DTZ007  a day has no zone
    except ValueError:
        pass
    raise BadRecord("bad_date", f"{text!r} is no date (YYMMDD)")


def availability(take: DetailFields, amount: int) -> tuple[str | None, list[tuple[int, int]]]:
    """What stands behind the funds type: value date (ISO), and amounts by days until they can be used.

    Types: 0, 1 and 2 days; S with three amounts; V with date and time; D with pairs of days and amount; Z unknown.
    Raises BadRecord ``format`` for another type, ``funds_total`` when the amounts do not make the whole.
    """
    funds = take.take().upper()
    if funds in ("", "Z"):
        return None, []
    if funds in ("0", "1", "2"):
        return None, [(int(funds), amount)]
    if funds == "V":
        day, _time = take.take(), take.take()
        return as_of_day(day).isoformat(), []
    if funds == "S":
        parts = [(days, number(text) if text else 0) for days, text in enumerate([take.take() for _ in range(3)])]
    elif funds == "D":
        parts = [(number(take.take()), number(take.take())) for _ in range(number(take.take()))]
    else:
        raise BadRecord("format", f"{funds!r} is no funds type (0, 1, 2, S, V, D, Z)")
    if sum(part for _, part in parts) != amount:
        raise BadRecord(
            "funds_total", f"an amount of {amount} is available in parts of {sum(part for _, part in parts)}"
        )
    return None, [part for part in parts if part[1]]
