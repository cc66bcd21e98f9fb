"""One shape for statements of every bank format, and the proof that a statement adds up before it may land.

Amounts are texts in major units of the account's currency (lower-case ISO 4217), signed: a credit to the account is
positive. A statement whose opening balance plus entries is not its closing balance is quarantined as ``statement_sum``.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from decimal import Decimal
from typing import Any

from ingestion.formats import strict_json
from ingestion.formats.streams import Source
from ingestion.records import BadRecord, Record, Reject, readable


@dataclass(slots=True)
class Entry:
    """One movement. ``amount`` is signed, in major units; dates are ISO texts."""

    amount: Decimal
    currency: str
    booking_date: str | None
    value_date: str | None = None
    entry_ref: str | None = None
    bank_reference: str | None = None
    end_to_end_id: str | None = None
    description: str | None = None
    type_code: str | None = None
    batch_ref: str | None = None
    counterparty: str | None = None
    charges: list[dict[str, Any]] = field(default_factory=list)


@dataclass(slots=True)
class Statement:
    """One statement of one account. Balances are in major units; the dates bound the movements, both inclusive."""

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

    @property
    def record_id(self) -> str:
        """Account, number within the account, currency. The last day is part of it: numbers start anew every year."""
        number = "/".join(part for part in (self.statement_id, self.statement_number, self.to_date) if part)
        return f"{self.account}|{number}|{self.currency}"

    def prove(self) -> None:
        """Raise BadRecord ``statement_sum`` (or ``no_balance``, ``mixed_currency``) unless the statement adds up."""
        if self.opening_balance is None or self.closing_balance is None:
            which = "opening" if self.opening_balance is None else "closing"
            raise BadRecord("no_balance", f"no {which} balance, so the entries cannot be proven; ask the bank for it")
        foreign = next((entry.currency for entry in self.entries if entry.currency != self.currency), None)
        if foreign is not None:
            raise BadRecord("mixed_currency", f"an entry in {foreign} on an account in {self.currency}")
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
            "from_date": self.from_date,
            "to_date": self.to_date,
            "opening_balance": _text(self.opening_balance),
            "closing_balance": _text(self.closing_balance),
            "entries": [
                {"entry_no": number, **asdict(entry), "amount": _text(entry.amount)}
                for number, entry in enumerate(self.entries, start=1)
            ],
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


def _text(amount: Decimal | None) -> str | None:
    return None if amount is None else f"{amount:f}"
