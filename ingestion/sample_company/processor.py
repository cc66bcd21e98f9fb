"""The processor: balance transactions of charges, refunds and disputes, and daily payouts of what became available.

A booking is available on the next business day, paid out that day, and at the bank two business days later.
"""

from __future__ import annotations

from datetime import date, datetime, timedelta
from decimal import Decimal

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
    share, fixed = FEES[currency]
    return round_half_away(amount * share) + fixed


def book(invoices: list[Invoice], cash: Cash, seed: int) -> None:
    """The processor's balance transactions of every charge, refund and dispute, oldest first."""
    for invoice in invoices:
        for payment in invoice.payments:
            if payment.succeeded and payment.charge_id:
                fee = fee_of(payment.amount, invoice.currency)
                _book(cash, seed, "charge", "charge", payment.amount, fee, invoice, payment.charge_id, payment.at)
    for refund in cash.refunds:
        _book(cash, seed, "refund", "refund", -refund.amount, 0, refund.invoice, refund.refund_id, refund.at)
    for dispute in cash.disputes:
        fee = DISPUTE_FEE[dispute.invoice.currency]
        arguments = (dispute.invoice, dispute.dispute_id)
        _book(cash, seed, "adjustment", "dispute", -dispute.amount, fee, *arguments, dispute.opened)
        if dispute.closed is not None and dispute.won:
            _book(cash, seed, "adjustment", "dispute_reversal", dispute.amount, 0, *arguments, dispute.closed)
    cash.bookings.sort(key=lambda booking: (booking.created, booking.booking_id))


def _book(
    cash: Cash, seed: int, kind: str, category: str, amount: int, fee: int, invoice: Invoice, source: str, at: datetime
) -> None:
    cash.bookings.append(
        Booking(
            booking_id(seed, source, category),
            kind,
            category,
            amount,
            fee,
            invoice.currency,
            source,
            at,
            next_business_day(at.date()),
        )
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
