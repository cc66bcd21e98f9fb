"""One shape for statements of every bank format, and the proof that a statement adds up before it may land.

Amounts are texts in major units of the account's currency (lower-case ISO 4217), signed: a credit to the account is
positive. A statement whose opening balance plus entries is not its closing balance is quarantined as ``statement_sum``.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from decimal import Decimal
from typing import Any

from ingestion.currencies import exponents
from ingestion.formats import strict_json
from ingestion.formats.streams import Source
from ingestion.records import BadRecord, Record, Reject, readable

# What systems write where there is no reference.
NO_REFERENCE = frozenset({"", "NONREF", "NOTPROVIDED", "NOT PROVIDED"})


@dataclass(slots=True)
class Entry:
    """One movement. ``amount`` is signed, in major units; dates are ISO texts, the bank's own local days.

    ``exchange`` tells a conversion: amounts before and after, and the rate with the currency whose unit it prices.
    ``availability`` tells when how much of the amount can be used, in days after the booking.
    """

    amount: Decimal
    currency: str
    booking_date: str | None
    value_date: str | None = None
    entry_ref: str | None = None
    bank_reference: str | None = None
    end_to_end_id: str | None = None
    instruction_id: str | None = None
    payment_information_id: str | None = None
    transaction_id: str | None = None
    creditor_reference: str | None = None
    document_numbers: list[str] = field(default_factory=list)
    description: str | None = None
    type_code: str | None = None
    proprietary_code: str | None = None
    batch_ref: str | None = None
    counterparty: str | None = None
    counterparty_account: str | None = None
    is_reversal: bool = False
    charges: list[dict[str, Any]] = field(default_factory=list)
    exchange: dict[str, str | None] | None = None
    availability: list[dict[str, Any]] = field(default_factory=list)


@dataclass(slots=True)
class Statement:
    """One statement of one account, or one page of it, which is proven alone.

    Balances are in major units; the dates bound the movements, both inclusive. ``sequence_number`` is what the bank
    counts its statements by, ``page`` what it counts their pages by; ``is_opening_page`` and ``is_closing_page`` say
    whether the balances are those of the statement, or of the page alone. ``notices`` are entries for information,
    which are no bookings, and ``other_balances`` all that prove nothing (available, forward).
    """

    account: str
    currency: str
    statement_id: str
    statement_number: str | None
    from_date: str | None
    to_date: str | None
    opening_balance: Decimal | None
    closing_balance: Decimal | None
    entries: list[Entry]
    format: str
    sequence_number: int | None = None
    page: int | None = None
    is_opening_page: bool = True
    is_closing_page: bool = True
    other_balances: list[dict[str, str | None]] = field(default_factory=list)
    notices: list[Entry] = field(default_factory=list)

    @property
    def record_id(self) -> str:
        """Account, number within the account, currency. The last day is part of it: numbers start anew every year."""
        number = "/".join(part for part in (self.statement_id, self.statement_number, self.to_date) if part)
        return f"{self.account}|{number}|{self.currency}"

    def prove(self) -> None:
        """Raise BadRecord unless the statement adds up.

        Reasons: ``no_balance``, ``unknown_currency``, ``mixed_currency``, ``too_precise``, ``statement_sum``.
        """
        if self.opening_balance is None or self.closing_balance is None:
            which = "opening" if self.opening_balance is None else "closing"
            raise BadRecord("no_balance", f"no {which} balance, so the entries cannot be proven; ask the bank for it")
        decimals = exponents().get(self.currency)
        if decimals is None:
            raise BadRecord(
                "unknown_currency", f"{self.currency!r} is no currency of ISO 4217 here; correct the account's currency"
            )
        foreign = next((entry.currency for entry in self.entries if entry.currency != self.currency), None)
        if foreign is not None:
            raise BadRecord("mixed_currency", f"an entry in {foreign} on an account in {self.currency}")
        for amount in (self.opening_balance, self.closing_balance, *(entry.amount for entry in self.entries)):
            if not is_whole(amount.scaleb(decimals)):
                raise BadRecord(
                    "too_precise",
                    f"{amount:f} has more decimals than {self.currency} ({decimals}), and money is never rounded here; "
                    "ask the bank for booked amounts",
                )
        total = sum((entry.amount for entry in self.entries), Decimal(0))
        if self.opening_balance + total != self.closing_balance:
            raise BadRecord(
                "statement_sum",
                f"opening {self.opening_balance:f} and entries {total:f} make {self.opening_balance + total:f}, "
                f"not the closing {self.closing_balance:f}; entries are missing or doubled",
            )

    def payload(self, file_name: str) -> dict[str, Any]:
        """The stored form."""
        return {
            "account": self.account,
            "currency": self.currency,
            "statement_id": self.statement_id,
            "statement_number": self.statement_number,
            "sequence_number": self.sequence_number,
            "page": self.page,
            "is_opening_page": self.is_opening_page,
            "is_closing_page": self.is_closing_page,
            "from_date": self.from_date,
            "to_date": self.to_date,
            "opening_balance": _text(self.opening_balance),
            "closing_balance": _text(self.closing_balance),
            "other_balances": self.other_balances,
            "entries": _numbered(self.entries),
            "notices": _numbered(self.notices),
            "format": self.format,
            "file_name": file_name,
        }


def landed(source: Source, place: int, statement: Statement, raw: str) -> Record | Reject:
    """The statement as a record when it adds up, else as a reject. ``place`` is the line where it starts."""
    try:
        statement.prove()
        fields = statement.payload(source.path.name)
        strict_json.check_text(fields)
    except BadRecord as bad:
        return rejected(source, place, bad, raw, statement.record_id)
    return Record(place, fields | {"record_id": statement.record_id}, strict_json.dump(fields))


def rejected(source: Source, place: int, bad: BadRecord, raw: str, record_id: str | None = None) -> Reject:
    """A statement that does not land."""
    return Reject(place, bad.reason, f"{source.at(place)}: {bad.detail}", readable(raw), record_id)


def reference(text: str | None) -> str | None:
    """A reference, or None where the text says that there is none."""
    stripped = (text or "").strip()
    return None if stripped.upper() in NO_REFERENCE else stripped


def is_whole(amount: Decimal) -> bool:
    """Whether nothing stands after the point but zeros."""
    return amount == amount.to_integral_value()


def _numbered(entries: list[Entry]) -> list[dict[str, Any]]:
    return [
        {"entry_no": number, **asdict(entry), "amount": _text(entry.amount)}
        for number, entry in enumerate(entries, start=1)
    ]


def _text(amount: Decimal | None) -> str | None:
    return None if amount is None else f"{amount:f}"
