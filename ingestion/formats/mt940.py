"""SWIFT MT940 statements through the mt-940 library, one statement per ``:20:``. Intraday MT942 never lands."""

from __future__ import annotations

import io
import re
from collections.abc import Iterator
from decimal import Decimal
from typing import Any

import mt940
from mt940.options import Options

from ingestion.formats.bank import Entry, Statement, landed, rejected
from ingestion.formats.lines import BOM
from ingestion.formats.streams import Source
from ingestion.records import BadRecord, FileRefused, Record, Reject

MAX_BYTES = 64 << 20
START = re.compile(r"^(?=:20:)", re.MULTILINE)
MOVEMENT = re.compile(r"^:61:.*?(?=^:61:|^:62[FM]:|^:64:|^:65:|^-|\Z)", re.MULTILINE | re.DOTALL)
DETAILS = re.compile(r"^:86:(.*?)(?=^:[0-9]{2}[A-Z]?:|\Z)", re.MULTILINE | re.DOTALL)
# A tag only an interim report (MT942) has: floor limit, date with time, sums of debits and credits.
INTERIM = re.compile(r"^:(34F|13D|13|90D|90C):|\{2:[IO]942", re.MULTILINE)
END_TO_END = re.compile(r"(?:/EREF/|EREF[+:] ?)(.+?)(?=/[A-Z]{4}/|(?:[A-Z]{4}\+)|\?[0-9]{2}|/$|$)")
FULL_LINE = 65
NO_REFERENCE = frozenset({"", "NONREF", "NOTPROVIDED"})


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
    texts = [_details(movement) for movement in MOVEMENT.findall(block)]
    movements = [movement for movement in parsed.transactions if "amount" in movement.data]
    if len(texts) != len(movements):
        raise BadRecord("format", f"{len(texts)} movements (:61:) stand there and {len(movements)} can be read")
    currency = str(opening.amount.currency).lower()
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
    )


def _entry(data: dict[str, Any], details: str, currency: str) -> Entry:
    found = END_TO_END.search(details)
    reference = _reference(data.get("customer_reference"))
    return Entry(
        amount=Decimal(data["amount"].amount),
        currency=currency,
        booking_date=_iso(data.get("entry_date") or data.get("date")),
        value_date=_iso(data.get("date")),
        entry_ref=reference,
        bank_reference=_reference(data.get("bank_reference")),
        end_to_end_id=_reference(found.group(1)) if found else None,
        description=" ".join(part for part in (str(data.get("extra_details") or "").strip(), details) if part) or None,
        type_code=data.get("id") or None,
    )


def _details(movement: str) -> str:
    """Text of ``:86:``. A full line of 65 characters goes on in the next without a blank, a shorter one with one."""
    found = DETAILS.search(movement)
    if found is None:
        return ""
    joined = ""
    previous = 0
    for index, line in enumerate(found.group(1).split("\n")):
        filled = previous >= FULL_LINE - (len(":86:") if index == 1 else 0)
        structured = line.startswith(("?", "/")) or joined.endswith("/")
        joined += line if filled or structured or not joined else f" {line}"
        previous = len(line)
    return joined.strip()


def _number(data: dict[str, Any]) -> str | None:
    parts = [
        str(data[key]) for key in ("statement_number", "sequence_number") if data.get(key) not in (None, "", "None")
    ]
    return "/".join(parts) or None


def _reference(value: Any) -> str | None:
    text = str(value or "").strip()
    return None if text in NO_REFERENCE else text


def _iso(value: Any) -> str | None:
    return None if value is None else f"{value.year:04d}-{value.month:02d}-{value.day:02d}"
