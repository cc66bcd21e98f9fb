"""Bank statements as CSV, with a profile that says what the bank's columns mean.

All rows of an account (and, with ``statement_column``, of a statement) in a file are one statement. It is proven by the
balance after each row, the first less its amount opening it, or by an opening and a closing balance in every row.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from datetime import datetime
from decimal import Decimal

from ingestion.formats import bank_profile, strict_csv
from ingestion.formats.bank import Entry, Statement, landed, reference, rejected
from ingestion.formats.bank_profile import Profile, profile_of
from ingestion.formats.streams import BLOCK, Source
from ingestion.records import BadRecord, FileRefused, Record, Reject

PROFILE = bank_profile.NAME
WHOLE, FRACTION = re.compile(r"[+-]?[0-9]{1,18}"), re.compile(r"[0-9]{0,5}")
GROUPED = r"[+-]?[0-9]{{1,3}}({mark}[0-9]{{3}})*"
Row = dict[str, str]


def read(source: Source) -> Iterator[Record | Reject]:
    """One record a statement. A row that cannot be read rejects every statement: it might belong to any of them."""
    profile = profile_of(source)
    if profile.last_line_end == "required":
        _check_end(source)

    def check(columns: list[str]) -> None:
        missing = [name for name in profile.needed if name not in columns]
        if missing:
            raise FileRefused(
                "schema", f"{source.label}: no column {missing[0]!r}; name the bank's columns in {PROFILE}"
            )

    statements: dict[tuple[str, str, str], list[tuple[int, Row]]] = {}
    spoilt: Reject | None = None
    for line_no, row, columns in strict_csv.rows(source, check, delimiter=profile.delimiter, encoding=profile.encoding):
        if isinstance(row, Reject):
            spoilt = spoilt or row
            continue
        values = dict(zip(columns, row, strict=True))
        account = profile.account or _cell(values, profile.account_column) or ""
        currency = profile.currency or _cell(values, profile.currency_column) or ""
        key = (account, currency.lower(), _cell(values, profile.statement_column) or "")
        statements.setdefault(key, []).append((line_no, values))
    if spoilt is not None and not statements:
        yield spoilt
    for (account, currency, identity), found in statements.items():
        place = found[0][0]
        raw = "\n".join(json.dumps(values, ensure_ascii=False) for _, values in found)
        if spoilt is not None:
            yield Reject(place, spoilt.reason, spoilt.detail, raw)
            continue
        try:
            statement = _statement(account, currency, identity, found, profile)
        except BadRecord as bad:
            yield rejected(source, place, bad, raw)
            continue
        yield landed(source, place, statement, raw)


def _check_end(source: Source) -> None:
    last = b""
    with source.open() as stream:
        while block := stream.read(BLOCK):
            last = block[-1:]
    if last not in (b"", b"\n", b"\r"):
        raise FileRefused(
            "incomplete",
            f"{source.label} ends without a line end, so its last row may have been cut; deliver it again, or set "
            f"last_line_end: optional in {PROFILE} when the bank never writes one",
        )


def _statement(account: str, currency: str, identity: str, found: list[tuple[int, Row]], profile: Profile) -> Statement:
    if not account or not re.fullmatch("[a-z]{3}", currency):
        raise BadRecord("missing_field", f"account {account!r} and currency {currency!r} must both be said")
    rows = found if profile.order == "oldest_first" else found[::-1]
    entries = []
    for line_no, values in rows:
        try:
            entries.append(_entry(values, currency, profile))
        except BadRecord as bad:
            raise BadRecord(bad.reason, f"line {line_no}: {bad.detail}") from bad
    if profile.balance_column:
        opening, closing = _proven_row_by_row(rows, entries, profile)
    else:
        opening = _same(rows, profile.opening_column, profile)
        closing = _same(rows, profile.closing_column, profile)
    days = sorted(entry.booking_date or "" for entry in entries)
    return Statement(
        account=account,
        currency=currency,
        statement_id=identity or f"{days[0]}..{days[-1]}",
        statement_number=None,
        from_date=days[0],
        to_date=days[-1],
        opening_balance=opening,
        closing_balance=closing,
        entries=entries,
        format="csv",
        sequence_number=int(identity) if re.fullmatch("[0-9]{1,9}", identity) else None,
    )


def _proven_row_by_row(rows: list[tuple[int, Row]], entries: list[Entry], profile: Profile) -> tuple[Decimal, Decimal]:
    """Opening and closing balance. Raises BadRecord ``statement_sum`` at the first balance that is not so."""
    running = opening = None
    for (line_no, values), entry in zip(rows, entries, strict=True):
        balance = _decimal(values[profile.balance_column or ""], profile)
        if running is None:
            running = opening = balance - entry.amount
        running += entry.amount
        if running != balance:
            raise BadRecord(
                "statement_sum",
                f"line {line_no}: balance {balance:f} where the entries make {running:f}; a row is missing, or the "
                f"rows stand in another order (now {profile.order})",
            )
    if running is None or opening is None:
        raise BadRecord("no_balance", "no row, so no balance")
    return opening, running


def _same(rows: list[tuple[int, Row]], column: str | None, profile: Profile) -> Decimal:
    """The one balance that every row of a statement repeats."""
    found = {_decimal(values[column or ""], profile) for _, values in rows}
    if len(found) != 1:
        raise BadRecord("no_balance", f"{column!r} has {len(found)} values in one statement; name its statement_column")
    return found.pop()


def _entry(values: Row, currency: str, profile: Profile) -> Entry:
    amount = _amount(values, profile)
    given = _cell(values, profile.value_date_column)
    return Entry(
        amount=-amount if profile.negate else amount,
        currency=currency,
        booking_date=_day(values[profile.booking_date_column], profile),
        value_date=_day(given, profile) if given else None,
        bank_reference=reference(_cell(values, profile.bank_reference_column)),
        end_to_end_id=reference(_cell(values, profile.reference_column)),
        description=_cell(values, profile.description_column),
        counterparty=_cell(values, profile.counterparty_column),
        type_code=_cell(values, profile.type_column),
    )


def _amount(values: Row, profile: Profile) -> Decimal:
    if profile.amount_column:
        amount = _decimal(values[profile.amount_column], profile)
        if profile.side_column is None:
            return amount
        side = (_cell(values, profile.side_column) or "").lower()
        if side in profile.credit_sides:
            return amount
        if side in profile.debit_sides:
            return -amount
        raise BadRecord("bad_amount", f"{side!r} in {profile.side_column!r} is neither a debit nor a credit side")
    credit, debit = _cell(values, profile.credit_column), _cell(values, profile.debit_column)
    amount = _decimal(credit, profile) if credit else Decimal(0)
    # banks write debits of their own column with or without a minus
    return amount - (abs(_decimal(debit, profile)) if debit else Decimal(0))


def _cell(values: Row, column: str | None) -> str | None:
    return values.get(column or "", "").strip() or None


def _decimal(text: str, profile: Profile) -> Decimal:
    mark = profile.thousands_mark or ("." if profile.decimal_mark == "," else None)
    whole, _, fraction = text.strip().partition(profile.decimal_mark)
    if mark and mark in whole and re.fullmatch(GROUPED.format(mark=re.escape(mark)), whole):
        whole = whole.replace(mark, "")
    if not WHOLE.fullmatch(whole) or not FRACTION.fullmatch(fraction):
        raise BadRecord(
            "bad_amount",
            f"{text!r} is no amount with decimal mark {profile.decimal_mark!r}; see decimal_mark in {PROFILE}",
        )
    return Decimal(f"{whole}.{fraction}" if fraction else whole)


def _day(text: str, profile: Profile) -> str:
    try:
        return datetime.strptime(text.strip(), profile.date_format).date().isoformat()  # noqa: DTZ007  a day has no zone
    except ValueError as error:
        raise BadRecord("bad_date", f"{text!r} is no date of the form {profile.date_format}") from error
