"""BAI2 statements: record types 01, 02, 03, 16, 88, 49, 98, 99, and the control totals of every level.

Amounts stand without decimal point in the currency's minor unit. An account section becomes a statement when its
totals hold and opening ledger (010) plus entries is closing ledger (015). When a total of the group or the file does
not hold, a section may be missing, so none of its statements lands.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal

from ingestion.currencies import exponents
from ingestion.formats import bai2_records as records
from ingestion.formats.bai2_records import DetailFields, Line, as_of_day, availability, number
from ingestion.formats.bank import Entry, Statement, landed, reference, rejected
from ingestion.formats.streams import Source
from ingestion.records import BadRecord, FileRefused, Record, Reject

OPENING, CLOSING = "010", "015"
VERSION = "2"
VERSION_FIELD = 7
INTERIM = {"1": "interim data of the previous day", "3": "interim data of the same day"}
UPDATE = "1"
GROUP_STATUS = {"2": "a deletion", "3": "a correction", "4": "a test"}


@dataclass(slots=True)
class _Account:
    """An account section with the group it stands in."""

    head: Line
    group: Line
    details: list[Line] = field(default_factory=list)
    end: Line | None = None

    @property
    def lines(self) -> list[Line]:
        return [self.head, *self.details, *([self.end] if self.end else [])]


@dataclass(slots=True)
class _Group:
    head: Line
    accounts: list[_Account] = field(default_factory=list)
    end: Line | None = None

    @property
    def lines(self) -> list[Line]:
        inside = [line for account in self.accounts for line in account.lines]
        return [self.head, *inside, *([self.end] if self.end else [])]


@dataclass(slots=True)
class _File:
    """From header (01) to trailer (99), and the first thing that is wrong with it as a whole."""

    head: Line
    groups: list[_Group] = field(default_factory=list)
    end: Line | None = None
    doubt: BadRecord | None = None

    def add(self, line: Line) -> None:
        """Put the record where it belongs; one that belongs nowhere puts the file in doubt."""
        group = self.groups[-1] if self.groups and self.groups[-1].end is None else None
        account = group.accounts[-1] if group and group.accounts and group.accounts[-1].end is None else None
        if line.code == records.GROUP and group is None:
            self.groups.append(_Group(line))
        elif line.code == records.ACCOUNT and group is not None and account is None:
            group.accounts.append(_Account(line, group.head))
        elif line.code == records.DETAIL and account is not None:
            account.details.append(line)
        elif line.code == records.ACCOUNT_END and account is not None:
            account.end = line
        elif line.code == records.GROUP_END and group is not None and account is None:
            group.end = line
        elif line.code == records.FILE_END and group is None:
            self.end = line
        else:
            self.doubt = self.doubt or BadRecord(
                "control_total",
                f"record {line.code} in line {line.line_no} is out of place: the one before it that closes a section "
                "is missing, or the file was cut; deliver it again",
            )

    def check(self) -> None:
        """Prove the totals of groups and file; the first that does not hold puts the file in doubt."""
        if self.end is None and self.doubt is None:
            self.doubt = BadRecord(
                "control_total", "the file ends without its trailer (99): it was cut; deliver it again"
            )
        try:
            for group in self.groups:
                if group.end is not None:
                    parts = [number(account.end.field(0)) for account in group.accounts if account.end]
                    _check(group.end, "group", sum(parts), len(group.accounts), _physical(group.lines))
            if self.end is not None:
                parts = [number(group.end.field(0)) for group in self.groups if group.end]
                inside = [line for group in self.groups for line in group.lines]
                _check(self.end, "file", sum(parts), len(self.groups), _physical([self.head, *inside, self.end]))
        except BadRecord as bad:
            self.doubt = self.doubt or bad


def read(source: Source) -> Iterator[Record | Reject]:
    """Every account section. Raises FileRefused ``format`` when the file is no BAI2 file or holds no section."""
    files = _files(source, records.logical_lines(source))
    accounts = [(file, account) for file in files for group in file.groups for account in group.accounts]
    if not accounts:
        raise FileRefused("format", f"{source.label} is no BAI2 file with an account (records 01, 02, 03)")
    for file, account in accounts:
        place = account.head.line_no
        raw = "\n".join(text for line in account.lines for text in line.raw)
        try:
            statement = _statement(account)
            if file.doubt is not None:
                raise file.doubt
        except BadRecord as bad:
            yield rejected(source, place, bad, raw)
            continue
        yield landed(source, place, statement, raw)


def _files(source: Source, lines: list[Line]) -> list[_File]:
    files: list[_File] = []
    for line in lines:
        if line.code == records.HEADER and (not files or files[-1].end is not None):
            version = line.field(VERSION_FIELD)
            if version not in ("", VERSION):
                raise FileRefused(
                    "format", f"{source.at(line.line_no)}: version {version} of BAI is not read; ask for BAI2"
                )
            files.append(_File(line))
        elif not files or files[-1].end is not None:
            raise FileRefused(
                "format", f"{source.at(line.line_no)}: record {line.code} outside a file (01 to 99); deliver it whole"
            )
        else:
            files[-1].add(line)
    for file in files:
        file.check()
    return files


def _physical(lines: list[Line]) -> int:
    return sum(len(line.raw) for line in lines)


def _check(line: Line, level: str, total: int, count: int, physical: int) -> None:
    names = ("total", "number of parts", "number of records")
    for index, (name, found) in enumerate(zip(names, (total, count, physical), strict=True)):
        declared = number(line.field(index))
        if declared != found:
            raise BadRecord("control_total", f"the {level} declares a {name} of {declared}, and {found} stand there")


def _statement(account: _Account) -> Statement:
    status, as_of, modifier = (account.group.field(index) for index in (2, 3, 6))
    if modifier in INTERIM:
        raise BadRecord("intraday", f"{INTERIM[modifier]}, which may still change; deliver final data")
    if status != UPDATE:
        raise BadRecord(
            "not_an_update",
            f"the group is {GROUP_STATUS.get(status, 'of no known kind')} (status {status}), not an update (1)",
        )
    currency = (account.head.field(1) or account.group.field(5) or "USD").lower()
    decimals = exponents().get(currency)
    if decimals is None:
        raise BadRecord("unknown_currency", f"{currency!r} is no currency of ISO 4217 here; amounts have no scale")
    scale = Decimal(1).scaleb(-decimals)
    on = as_of_day(as_of)
    summaries = _summaries(account.head)
    entries: list[Entry] = []
    notices: list[Entry] = []
    total = sum(amount for _, amount in summaries)
    for line in account.details:
        entry, amount, moves = _entry(line, currency, scale, on)
        total += amount
        (entries if moves else notices).append(entry)
    if account.end is None:
        raise BadRecord("control_total", "the account has no trailer (49): the file was cut")
    declared = [number(account.end.field(index)) for index in (0, 1)]
    found = [total, _physical(account.lines)]
    if declared != found:
        raise BadRecord("control_total", f"the account declares total and records {declared}, and {found} stand there")
    return Statement(
        account=account.head.field(0),
        currency=currency,
        statement_id=on.isoformat(),
        statement_number=None,
        from_date=on.isoformat(),
        to_date=on.isoformat(),
        opening_balance=_balance(summaries, OPENING, scale),
        closing_balance=_balance(summaries, CLOSING, scale),
        entries=entries,
        format="bai2",
        other_balances=[
            {"code": code, "amount": f"{amount * scale:f}", "currency": currency, "on": on.isoformat()}
            for code, amount in summaries
            if code not in (OPENING, CLOSING)
        ],
        notices=notices,
    )


def _summaries(head: Line) -> list[tuple[str, int]]:
    """Type code and amount of every summary; an amount that is left out counts nothing."""
    values = DetailFields(Line(head.code, head.line_no, [",".join(head.fields[2:])], []))
    found: list[tuple[str, int]] = []
    for _ in range(len(head.fields)):
        code, text, _items = values.take(), values.take(), values.take()
        amount = number(text) if text else 0
        availability(values, amount)
        if text:
            found.append((code, amount))
    return found


def _balance(summaries: list[tuple[str, int]], code: str, scale: Decimal) -> Decimal | None:
    found = {amount for summary, amount in summaries if summary == code}
    if len(found) > 1:
        raise BadRecord("no_balance", f"type {code} stands there with {len(found)} different amounts")
    return next((amount * scale for amount in found), None)


def _entry(line: Line, currency: str, scale: Decimal, on: date) -> tuple[Entry, int, bool]:
    """The entry, its amount as it counts in the account's total, and whether it moves money."""
    values = DetailFields(line)
    code, text = values.take(), values.take()
    amount = number(text) if text else 0
    moves = records.side(code, line.line_no)
    if text.startswith("-"):
        raise BadRecord(
            "bad_amount", f"{text} in line {line.line_no}: the type code says the sign, the amount has none"
        )
    value_date, parts = availability(values, amount)
    bank_reference, customer_reference = values.take(), values.take()
    description = values.text()
    found = re.search(r"(?:EREF|Client Ref ID): ?([^,]+)", description or "")
    entry = Entry(
        amount=amount * scale * (moves or 0),
        currency=currency,
        booking_date=on.isoformat(),
        value_date=value_date or on.isoformat(),
        entry_ref=reference(customer_reference),
        bank_reference=reference(bank_reference),
        end_to_end_id=reference(found.group(1).split(" ")[0]) if found else None,
        description=description,
        type_code=code,
        availability=[{"days": days, "amount": f"{part * scale:f}"} for days, part in parts],
    )
    return entry, amount, moves is not None
