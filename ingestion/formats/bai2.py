"""BAI2 statements: record types 01, 02, 03, 16, 88, 49, 98, 99, continuations, and the control totals of every level.

Amounts stand without decimal point in the currency's minor unit. An account section becomes a statement when its
totals hold and opening ledger (010) plus entries is closing ledger (015). When a total of the group or the file does
not hold, a section may be missing, so none of its statements lands.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal

from ingestion.formats.bank import Entry, Statement, landed, rejected
from ingestion.formats.lines import BOM
from ingestion.formats.streams import Source
from ingestion.records import BadRecord, FileRefused, Record, Reject

MAX_BYTES = 64 << 20
CODES = frozenset({"01", "02", "03", "16", "49", "88", "98", "99"})
INTEGER = re.compile(r"[+-]?[0-9]{1,18}")
OPENING, CLOSING = "010", "015"
# ISO 4217 currencies without, and with three, decimals; all others have two.
EXPONENTS = dict.fromkeys(
    ("BIF", "CLP", "DJF", "GNF", "ISK", "JPY", "KMF", "KRW", "PYG", "RWF", "UGX", "VND", "VUV", "XAF", "XOF", "XPF"), 0
) | dict.fromkeys(("BHD", "IQD", "JOD", "KWD", "LYD", "OMR", "TND"), 3)
INTERIM = {"1": "interim data of the previous day", "3": "interim data of the same day"}
GROUP_STATUS = {"2": "a deletion", "3": "a correction", "4": "a test"}
CREDITS, DEBITS = range(100, 400), range(400, 700)
NON_MONETARY = "890"


@dataclass(slots=True)
class _Line:
    """A logical record: its continuations (88) are part of ``text`` (16) or of ``fields`` (others)."""

    code: str
    line_no: int
    fields: list[str]
    raw: list[str]
    continued: list[str] = field(default_factory=list)


@dataclass(slots=True)
class _Section:
    """An account section with the group it stands in."""

    account: _Line
    group: _Line | None
    details: list[_Line] = field(default_factory=list)
    trailer: _Line | None = None

    @property
    def raw(self) -> str:
        lines = [self.account, *self.details, *([self.trailer] if self.trailer else [])]
        return "\n".join(text for line in lines for text in line.raw)

    @property
    def records(self) -> int:
        lines = [self.account, *self.details, *([self.trailer] if self.trailer else [])]
        return sum(len(line.raw) for line in lines)


def read(source: Source) -> Iterator[Record | Reject]:
    """Every account section. Raises FileRefused ``format`` when the file is no BAI2 file or holds no section."""
    lines = _logical_lines(source)
    sections, doubt = _sections(lines)
    if not sections:
        raise FileRefused("format", f"{source.label} is no BAI2 file with an account (records 01, 02, 03)")
    for section in sections:
        place = section.account.line_no
        try:
            statement = _statement(section)
            if doubt is not None:
                raise doubt
        except BadRecord as bad:
            yield rejected(source, place, bad, section.raw)
            continue
        yield landed(source, place, statement, section.raw)


def _logical_lines(source: Source) -> list[_Line]:
    content = source.whole(MAX_BYTES).removeprefix(BOM)
    try:
        text = content.decode("utf-8")
    except UnicodeDecodeError:
        text = content.decode("latin-1")
    found: list[_Line] = []
    for line_no, physical in enumerate(text.splitlines(), start=1):
        line = physical.strip()
        if not line:
            continue
        code, comma, rest = line[:2], line[2:3], line[3:]
        if code not in CODES or comma != ",":
            raise FileRefused("format", f"{source.at(line_no)}: {line[:20]!r} is no BAI2 record")
        values = rest.removesuffix("/")
        if code != "88":
            found.append(_Line(code, line_no, values.split(","), [physical]))
            continue
        if not found:
            raise FileRefused("format", f"{source.at(line_no)}: a continuation (88) of nothing")
        found[-1].raw.append(physical)
        if found[-1].code == "16":
            found[-1].continued.append(values)
        else:
            found[-1].fields.extend(values.split(","))
    return found


def _sections(lines: list[_Line]) -> tuple[list[_Section], BadRecord | None]:
    """The account sections, and the first total of a group or of the file that does not hold."""
    sections: list[_Section] = []
    group: _Line | None = None
    doubt: BadRecord | None = None
    group_totals: list[tuple[str, str]] = []
    group_accounts: list[_Section] = []
    groups: list[int] = []
    ended = False
    group_records = file_records = 0
    for line in lines:
        file_records += len(line.raw)
        group_records += len(line.raw)
        if line.code == "02":
            group, group_records, group_accounts = line, len(line.raw), []
            group_totals = []
        elif line.code == "03":
            group_accounts.append(_Section(line, group))
            sections.append(group_accounts[-1])
        elif line.code == "16" and group_accounts:
            group_accounts[-1].details.append(line)
        elif line.code == "49" and group_accounts:
            group_accounts[-1].trailer = line
            group_totals.append((line.fields[0], "49"))
        elif line.code == "98":
            total = sum(_number(text) for text, _ in group_totals)
            doubt = doubt or _check(line, "group", total, len(group_accounts), group_records)
            groups.append(_number(line.fields[0]))
        elif line.code == "99":
            doubt = doubt or _check(line, "file", sum(groups), len(groups), file_records)
            ended = True
    if not ended and doubt is None:
        doubt = BadRecord("control_total", "the file ends without its trailer (99): it was cut; deliver it again")
    return sections, doubt


def _check(line: _Line, level: str, total: int, count: int, records: int) -> BadRecord | None:
    try:
        declared = [_number(text) for text in line.fields[:3]]
    except BadRecord as bad:
        return bad
    counted = [total, count, records]
    for name, said, found in zip(("total", "number of parts", "number of records"), declared, counted, strict=False):
        if said != found:
            return BadRecord("control_total", f"the {level} declares a {name} of {said}, and {found} stand there")
    return None


def _statement(section: _Section) -> Statement:
    group = section.group
    if group is None:
        raise BadRecord("format", "an account (03) outside a group (02)")
    header = [*group.fields, *[""] * 7]
    status, as_of, modifier = header[2].strip(), header[3].strip(), header[6].strip()
    if modifier in INTERIM:
        raise BadRecord("intraday", f"{INTERIM[modifier]}, which may still change; deliver final data")
    if status in GROUP_STATUS:
        raise BadRecord("not_an_update", f"the group is {GROUP_STATUS[status]} (status {status}), not an update (1)")
    account = section.account.fields[0].strip()
    currency = (
        (section.account.fields[1].strip() if len(section.account.fields) > 1 else "") or header[5].strip() or "USD"
    )
    scale = Decimal(1).scaleb(-EXPONENTS.get(currency.upper(), 2))
    on = _day(as_of)
    summaries = _summaries(section.account.fields[2:])
    entries = []
    total = sum(amount for _, amount in summaries)
    for line in section.details:
        entry, amount = _entry(line, currency.lower(), scale, on)
        total += amount
        if entry is not None:
            entries.append(entry)
    if section.trailer is None:
        raise BadRecord("control_total", "the account has no trailer (49): the file was cut")
    declared = [_number(text) for text in section.trailer.fields[:2]]
    if declared != [total, section.records][: len(declared)]:
        raise BadRecord(
            "control_total",
            f"the account declares total and records {declared}, and {[total, section.records]} stand there",
        )
    balances = dict(reversed(summaries))
    opening, closing = balances.get(OPENING), balances.get(CLOSING)
    return Statement(
        account=account,
        currency=currency.lower(),
        statement_id=on.isoformat(),
        statement_number=None,
        from_date=on.isoformat(),
        to_date=on.isoformat(),
        opening_balance=None if opening is None else opening * scale,
        closing_balance=None if closing is None else closing * scale,
        entries=entries,
        format="bai2",
    )


def _summaries(fields: list[str]) -> list[tuple[str, int]]:
    """Type code and amount of every summary; an amount that is left out counts nothing."""
    found: list[tuple[str, int]] = []
    values = [value.strip() for value in fields]
    while values and any(values):
        code, amount = values[0], values[1] if len(values) > 1 else ""
        rest = values[3:] if len(values) > 2 else []  # noqa: PLR2004  code, amount, item count
        funds, rest = (rest[0], rest[1:]) if rest else ("", [])
        values = rest[_funds_fields(funds, rest) :]
        if amount:
            found.append((code, _number(amount)))
    return found


def _funds_fields(funds: str, rest: list[str]) -> int:
    """How many fields follow the funds type: S three amounts, V date and time, D pairs of days and amount."""
    if funds == "S":
        return 3
    if funds == "V":
        return 2
    if funds == "D":
        return 1 + 2 * _number(rest[0] if rest else "")
    if funds in ("", "0", "1", "2", "Z"):
        return 0
    raise BadRecord("format", f"{funds!r} is no funds type (0, 1, 2, S, V, D, Z)")


def _entry(line: _Line, currency: str, scale: Decimal, on: date) -> tuple[Entry | None, int]:
    """The entry, and its amount as it counts in the account's total."""
    values, continued = list(line.fields), list(line.continued)
    code = values[0].strip()
    amount = _number(values[1].strip()) if len(values) > 1 and values[1].strip() else 0
    rest = values[2:]
    funds, rest = (rest[0].strip(), rest[1:]) if rest else ("", [])
    needed = _funds_fields(funds, rest)
    while len(rest) < needed and continued:
        rest.extend(continued.pop(0).split(","))
    rest = rest[needed:]
    bank_reference, customer_reference, *text = [*rest, *[""] * max(0, 2 - len(rest))]
    description = " ".join(part.strip() for part in [",".join(text), *continued] if part.strip())
    if code == NON_MONETARY:
        return None, amount
    if not code.isdigit() or int(code) not in (*CREDITS, *DEBITS):
        raise BadRecord(
            "type_code", f"type {code} in line {line.line_no} is neither credit (100-399) nor debit (400-699)"
        )
    found = re.search(r"(?:EREF|Client Ref ID): ?([^,]+)", description)
    entry = Entry(
        amount=amount * scale * (1 if int(code) in CREDITS else -1),
        currency=currency,
        booking_date=on.isoformat(),
        value_date=on.isoformat(),
        entry_ref=customer_reference.strip() or None,
        bank_reference=bank_reference.strip() or None,
        end_to_end_id=found.group(1).split(" ")[0].strip() if found else None,
        description=description or None,
        type_code=code,
    )
    return entry, amount


def _number(text: str) -> int:
    stripped = text.strip()
    if not INTEGER.fullmatch(stripped):
        raise BadRecord("bad_amount", f"{text!r} is no amount; BAI2 amounts are digits without a point")
    return int(stripped)


def _day(text: str) -> date:
    try:
        if re.fullmatch(r"[0-9]{6}", text):
            return datetime.strptime(text, "%y%m%d").date()  # noqa: DTZ007  a day has no zone
    except ValueError:
        pass
    raise BadRecord("bad_date", f"{text!r} is no as-of date (YYMMDD)")
