"""Shapes of money: the processor's bookings and payouts, customers' wires, and entries of the bank. Minor units."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, datetime

from ingestion.sample_company.documents import Invoice, Payment
from ingestion.sample_company.facts import Account


@dataclass
class Booking:
    """One balance transaction of the processor; net = amount - fee, in minor units."""

    booking_id: str
    kind: str
    category: str
    amount: int
    fee: int
    currency: str
    source_id: str
    created: datetime
    available: date

    @property
    def net(self) -> int:
        """What the booking adds to the balance."""
        return self.amount - self.fee


@dataclass
class Refund:
    """Money given back on one charge."""

    refund_id: str
    payment: Payment
    invoice: Invoice
    amount: int
    at: datetime


@dataclass
class Dispute:
    """A charge the customer's bank took back; a won one returns."""

    dispute_id: str
    payment: Payment
    invoice: Invoice
    amount: int
    opened: datetime
    closed: datetime | None
    won: bool


@dataclass
class Payout:
    """`listed` are the bookings the processor lists under the payout; `amount` is what it says it sends."""

    payout_id: str
    currency: str
    created: datetime
    arrival: date
    amount: int
    listed: list[Booking]
    trace: str
    booking_id: str
    failed_at: datetime | None = None
    failure_booking_id: str | None = None


@dataclass
class Wire:
    """One customer payment in the ERP: a single amount on the bank, applied to one or more invoices."""

    account: Account
    day: date
    applied: list[tuple[Invoice, int]]
    reference: str

    @property
    def amount(self) -> int:
        """What the bank shows."""
        return sum(amount for _, amount in self.applied)


@dataclass
class BankEntry:
    """One booked entry of a bank account; `amount` is signed, credits positive."""

    currency: str
    day: date
    amount: int
    reference: str
    text: str
    type_code: str = "NTRF"


@dataclass
class Cash:
    """All money of one world, in the order it was booked."""

    refunds: list[Refund] = field(default_factory=list)
    disputes: list[Dispute] = field(default_factory=list)
    bookings: list[Booking] = field(default_factory=list)
    payouts: list[Payout] = field(default_factory=list)
    wires: list[Wire] = field(default_factory=list)
    entries: list[BankEntry] = field(default_factory=list)
