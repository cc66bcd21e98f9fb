"""SWIFT MT940 statements through the mt-940 library, one statement per ``:20:``. Intraday MT942 never lands.

A statement may come in pages, which open and close with balances of their own (60M, 62M): each is proven alone. Dates
are checked before the library sees them, for it moves 30 February to the last of the month without a word: value dates
count months of 30 days at some banks, so there, and only there, that is right.
"""

from __future__ import annotations

import io
import logging
import re
from collections.abc import Iterator
from datetime import date
from decimal import Decimal
from typing import Any

import mt940
from mt940.options import Options

from ingestion.formats.bank import Entry, Statement, landed, reference, rejected
from ingestion.formats.lines import BOM
from ingestion.formats.mt940_details import Details, details
from ingestion.formats.streams import Source
from ingestion.records import BadRecord, FileRefused, Record, Reject

MAX_BYTES = 64 << 20
START = re.compile(r"^(?=:20:)", re.MULTILINE)
MOVEMENT = re.compile(r"^:61:.*?(?=^:61:|^:62[FM]:|^:64:|^:65:|^-|\Z)", re.MULTILINE | re.DOTALL)
DETAILS = re.compile(r"^:86:(.*?)(?=^:[0-9]{2}[A-Z]?:|\Z)", re.MULTILINE | re.DOTALL)
# A tag only an interim report (MT942) has: floor limit, date with time, sums of debits and credits.
INTERIM = re.compile(r"^:(34F|13D|13|90D|90C):|\{2:[IO]942", re.MULTILINE)
# What the library takes by and large, exactly: ASCII digits, a currency, an amount with its comma.
BALANCE = re.compile(r"[DC](?P<day>[0-9]{6})[A-Z]{3}[0-9]{1,14},?[0-9]{0,5}")
MOVED = re.compile(
    r"(?P<day>[0-9]{6})(?P<entry_day>[0-9]{4}|\s{4})?R?[DCdc][A-Za-z]?[\n ]?[0-9]{1,14},?[0-9]{0,5}(?![0-9,])"
)
BALANCE_LINE = re.compile(r"^:(60[FM]|62[FM]|64|65):([^\n]*)", re.MULTILINE)
PAGE_END, LAST_OF_MONTH = "62M", 30
FEBRUARY = "02"

# What it cannot read the library writes to the log, and that is a customer's name as often as not.
logging.getLogger("mt940").setLevel(logging.CRITICAL + 1)


def read(source: Source) -> Iterator[Record | Reject]:
    """Every statement. Raises FileRefused ``format`` when the file holds none."""
    content = source.whole(MAX_BYTES).removeprefix(BOM)
    try:
        text = content.decode("utf-8")
    except UnicodeDecodeError:
        text = content.decode("latin-1")  # what banks write when it is not ASCII; every byte has a meaning in it
    text = text.replace("\r\n", "\n")
    head, *blocks = START.split(text)
    if not blocks:
        raise FileRefused("format", f"{source.label} holds no statement (no :20:); it was cut, or is no MT940")
    line_no = head.count("\n") + 1
    for block in blocks:
        try:
            statement = _statement(head, block)
        except BadRecord as bad:
            yield rejected(source, line_no, bad, block)
        else:
            yield landed(source, line_no, statement, block)
        line_no += block.count("\n")
        head = block.rpartition("\n-")[2]


def _statement(head: str, block: str) -> Statement:
    if INTERIM.search(block) or INTERIM.search(head):
        raise BadRecord(
            "intraday", "MT942 is an interim report, its entries may still change; deliver the MT940 statement"
        )
    tags = _checked_balances(block)
    found = MOVEMENT.findall(block)
    for movement in found:
        _check_movement(movement)
    try:
        parsed = mt940.parse_statements(io.StringIO(block), options=Options.all())[0]
    except (ValueError, KeyError, IndexError, ArithmeticError, RuntimeError, AttributeError, TypeError) as error:
        raise BadRecord("format", f"no MT940 statement: {error}") from error
    data = parsed.data
    opening = data.get("final_opening_balance") or data.get("intermediate_opening_balance")
    closing = data.get("final_closing_balance") or data.get("intermediate_closing_balance")
    account = data.get("account_identification")
    if not account:
        raise BadRecord("missing_field", "a statement without account (:25:)")
    if opening is None or closing is None:
        raise BadRecord("no_balance", "no opening (:60F:) or no closing (:62F:) balance; the statement was cut")
    movements = [movement for movement in parsed.transactions if "amount" in movement.data]
    if len(found) != len(movements):
        raise BadRecord("format", f"{len(found)} movements (:61:) stand there and {len(movements)} can be read")
    currency = str(opening.amount.currency).lower()
    texts = [details(_text(movement)) for movement in found]
    entries = [_entry(movement.data, text, currency) for movement, text in zip(movements, texts, strict=True)]
    if str(closing.amount.currency).lower() != currency:
        raise BadRecord("mixed_currency", f"opens in {currency} and closes in {closing.amount.currency}")
    return Statement(
        account=str(account).strip(),
        currency=currency,
        statement_id=str(data.get("transaction_reference") or "").strip(),
        statement_number=_number(data),
        from_date=_iso(opening.date),
        to_date=_iso(closing.date),
        opening_balance=Decimal(opening.amount.amount),
        closing_balance=Decimal(closing.amount.amount),
        entries=entries,
        format="mt940",
        sequence_number=int(data.get("statement_number") or 0) or None,
        page=int(data.get("sequence_number") or 0) or None,
        is_opening_page="60F" in tags,
        is_closing_page=PAGE_END not in tags,
        other_balances=_other_balances(block),
    )


def _checked_balances(block: str) -> set[str]:
    """The tags of the balances. Raises BadRecord ``bad_date``, ``bad_amount``, or ``no_balance`` for one twice."""
    tags: set[str] = set()
    for tag, value in BALANCE_LINE.findall(block):
        matched = BALANCE.fullmatch(value.strip())
        if matched is None:
            raise BadRecord("bad_amount", f"{value!r} of :{tag}: is no balance such as C261028EUR100,00")
        _day(matched["day"], f":{tag}:")
        if tag in tags and tag != "65":
            raise BadRecord("no_balance", f":{tag}: stands twice in one statement; a :20: between them is missing")
        tags.add(tag)
    for final, of_page in (("60F", "60M"), ("62F", PAGE_END)):
        if {final, of_page} <= tags:
            raise BadRecord("no_balance", f":{final}: and :{of_page}: in one statement; a :20: between them is missing")
    return tags


def _check_movement(movement: str) -> None:
    """Raise BadRecord ``bad_date`` or ``bad_amount`` for a movement the library would take too kindly."""
    value = movement.removeprefix(":61:")
    matched = MOVED.match(value)
    if matched is None:
        first, _, _ = value.partition("\n")
        raise BadRecord("bad_amount", f"{first!r} of :61: has no date, side and amount such as D1,00")
    _day(matched["day"], ":61:", thirty_day_months=True)
    if (matched["entry_day"] or "").strip():
        _day(f"20{matched['entry_day']}", ":61:")  # its year follows from the value date; 2020 has every day


def _day(text: str, tag: str, *, thirty_day_months: bool = False) -> None:
    year, month, of_month = int(f"20{text[:2]}"), text[2:4], int(text[4:])
    if thirty_day_months and month == FEBRUARY and of_month <= LAST_OF_MONTH:
        of_month = min(of_month, 28)
    try:
        date(year, int(month), of_month)
    except ValueError as error:
        raise BadRecord("bad_date", f"{text!r} in {tag} is no day (YYMMDD): {error}; ask the bank") from error


def _other_balances(block: str) -> list[dict[str, str | None]]:
    found: list[dict[str, str | None]] = []
    for tag, value in BALANCE_LINE.findall(block):
        if tag in ("64", "65"):
            stripped = value.strip()
            amount = Decimal(stripped[10:].replace(",", ".")) * (1 if stripped[0] == "C" else -1)
            on = f"20{stripped[1:3]}-{stripped[3:5]}-{stripped[5:7]}"
            found.append({"code": tag, "amount": f"{amount:f}", "currency": stripped[7:10].lower(), "on": on})
    return found


def _entry(data: dict[str, Any], told: Details, currency: str) -> Entry:
    extra = str(data.get("extra_details") or "").strip()
    return Entry(
        amount=Decimal(data["amount"].amount),
        currency=currency,
        booking_date=_iso(data.get("entry_date") or data.get("date")),
        value_date=_iso(data.get("date")),
        entry_ref=reference(data.get("customer_reference")),
        bank_reference=reference(data.get("bank_reference")),
        end_to_end_id=reference(told.end_to_end_id),
        creditor_reference=told.creditor_reference,
        description=" ".join(part for part in (extra, told.text) if part) or None,
        type_code=data.get("id") or None,
        proprietary_code=told.code,
        counterparty=told.counterparty,
        counterparty_account=told.counterparty_account,
        is_reversal=str(data.get("status") or "").upper().startswith("R"),
    )


def _text(movement: str) -> str:
    found = DETAILS.search(movement)
    return "" if found is None else found.group(1)


def _number(data: dict[str, Any]) -> str | None:
    parts = [
        str(data[key]) for key in ("statement_number", "sequence_number") if data.get(key) not in (None, "", "None")
    ]
    return "/".join(parts) or None


def _iso(value: Any) -> str | None:
    return None if value is None else f"{value.year:04d}-{value.month:02d}-{value.day:02d}"
