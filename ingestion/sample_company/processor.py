"""The processor: balance transactions of charges, refunds and disputes, and daily payouts of what became available.

A booking is available on the next business day, paid out that day, and at the bank two business days later.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime, timedelta
from decimal import Decimal
from itertools import chain
from typing import NamedTuple

from ingestion.sample_company.cash import Booking, Cash, Payout
from ingestion.sample_company.days import END_OF_WORLD, midnight, next_business_day
from ingestion.sample_company.documents import Invoice
from ingestion.sample_company.money import round_half_away
from ingestion.sample_company.randomness import identifier

# Share and fixed part of the fee, the latter in minor units.
FEES = {"usd": (Decimal("0.029"), 30), "eur": (Decimal("0.015"), 25), "jpy": (Decimal("0.036"), 0)}
DISPUTE_FEE = {"usd": 1500, "eur": 1500, "jpy": 1300}


def booking_id(seed: int, source: str, category: str) -> str:
    """Id of the balance transaction that a charge, refund or dispute causes."""
    return identifier(seed, "txn_3Q", 20, source, category)


def fee_of(amount: int, currency: str) -> int:
    """What the processor keeps of a charge."""
    share, fixed = FEES[currency]
    return round_half_away(amount * share) + fixed


def book(invoices: list[Invoice], cash: Cash, seed: int) -> None:
    """The processor's balance transactions of every charge, refund and dispute, oldest first."""
    bookings = chain(_charges(invoices, seed), _refunds(cash, seed), _disputes(cash, seed))
    cash.bookings = sorted(bookings, key=lambda booking: (booking.created, booking.booking_id))


def _charges(invoices: list[Invoice], seed: int) -> Iterator[Booking]:
    for invoice in invoices:
        for payment in invoice.payments:
            if payment.succeeded:
                fee = fee_of(payment.amount, invoice.currency)
                cause = _Cause("charge", "charge", payment.charge_id, payment.at)
                yield _booking(seed, cause, payment.amount, fee, invoice.currency)


def _refunds(cash: Cash, seed: int) -> Iterator[Booking]:
    for refund in cash.refunds:
        cause = _Cause("refund", "refund", refund.refund_id, refund.at)
        yield _booking(seed, cause, -refund.amount, 0, refund.invoice.currency)


def _disputes(cash: Cash, seed: int) -> Iterator[Booking]:
    for dispute in cash.disputes:
        currency = dispute.invoice.currency
        cause = _Cause("adjustment", "dispute", dispute.dispute_id, dispute.opened)
        yield _booking(seed, cause, -dispute.amount, DISPUTE_FEE[currency], currency)
        if dispute.closed is not None and dispute.won:
            cause = _Cause("adjustment", "dispute_reversal", dispute.dispute_id, dispute.closed)
            yield _booking(seed, cause, dispute.amount, 0, currency)


class _Cause(NamedTuple):
    """What a booking is for: its type and reporting category, the object behind it, and when."""

    kind: str
    category: str
    source: str
    at: datetime


def _booking(seed: int, cause: _Cause, amount: int, fee: int, currency: str) -> Booking:
    return Booking(
        booking_id=booking_id(seed, cause.source, cause.category),
        kind=cause.kind,
        category=cause.category,
        amount=amount,
        fee=fee,
        currency=currency,
        source_id=cause.source,
        created=cause.at,
        available=next_business_day(cause.at.date()),
    )


def pay_out(cash: Cash, seed: int, *, held_back: frozenset[str] = frozenset()) -> None:
    """One payout per currency and business day with all that became available; negative ones debit the bank account."""
    groups: dict[tuple[date, str], list[Booking]] = {}
    for booking in cash.bookings:
        if midnight(booking.available) < END_OF_WORLD and booking.booking_id not in held_back:
            groups.setdefault((booking.available, booking.currency), []).append(booking)
    for (day, currency), bookings in sorted(groups.items()):
        amount = sum(booking.net for booking in bookings)
        cash.payouts.append(
            Payout(
                payout_id=identifier(seed, "po_1Q", 20, day, currency),
                currency=currency,
                created=midnight(day) + timedelta(minutes=30),
                arrival=next_business_day(day, 2),
                amount=amount,
                listed=bookings,
                trace=identifier(seed, "", 12, "trace", day, currency).upper(),
                booking_id=identifier(seed, "txn_1Q", 20, day, currency),
            )
        )
