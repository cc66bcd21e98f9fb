"""Stripe's money objects: charges, intents, invoice payments, refunds, disputes, balance transactions and payouts."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta

from ingestion.sample_company.cash import Booking, Cash, Dispute, Payout, Refund
from ingestion.sample_company.days import epoch, midnight
from ingestion.sample_company.documents import Invoice, Payment
from ingestion.sample_company.extract import Row
from ingestion.sample_company.processor import booking_id
from ingestion.sample_company.stripe_catalogue import OLD_API, api_version

Version = tuple[str, str, datetime, Row]


def payment_objects(invoice: Invoice, payment: Payment, cash: Cash) -> Iterator[Version]:
    """Charge (at each of its states), payment intent and invoice payment of one attempt."""
    if not payment.charge_id:
        return
    customer = invoice.account.stripe_customer_id
    booking = next((b for b in cash.bookings if b.source_id == payment.charge_id and b.kind == "charge"), None)
    refunds = [r for r in cash.refunds if r.payment is payment]
    disputes = [d for d in cash.disputes if d.payment is payment]
    for at in sorted({payment.at, *(r.at for r in refunds), *(d.opened for d in disputes)}):
        refunded = sum(r.amount for r in refunds if r.at <= at)
        row = {
            "id": payment.charge_id,
            "object": "charge",
            "amount": payment.amount,
            "amount_captured": payment.amount if payment.succeeded else 0,
            "amount_refunded": refunded,
            "balance_transaction": booking.booking_id if booking else None,
            "captured": payment.succeeded,
            "created": epoch(payment.at),
            "currency": invoice.currency,
            "customer": customer,
            "description": "Subscription update" if invoice.reason == "subscription_update" else "Subscription",
            "disputed": any(d.opened <= at for d in disputes),
            "failure_code": None if payment.succeeded else "card_declined",
            "failure_message": None if payment.succeeded else "Your card was declined.",
            "livemode": True,
            "metadata": {},
            "paid": payment.succeeded,
            "payment_intent": payment.intent_id,
            "payment_method_details": {"type": payment.method},
            "refunded": refunded == payment.amount,
            "status": "succeeded" if payment.succeeded else "failed",
        }
        if api_version(at) == OLD_API:
            row["invoice"] = invoice.invoice_id
        yield ("charges", payment.charge_id, at, row)
    yield from _intent(invoice, payment)


def _intent(invoice: Invoice, payment: Payment) -> Iterator[Version]:
    row: Row = {
        "id": payment.intent_id,
        "object": "payment_intent",
        "amount": payment.amount,
        "amount_capturable": 0,
        "amount_received": payment.amount if payment.succeeded else 0,
        "capture_method": "automatic",
        "created": epoch(payment.at),
        "currency": invoice.currency,
        "customer": invoice.account.stripe_customer_id,
        "latest_charge": payment.charge_id,
        "livemode": True,
        "metadata": {},
        "payment_method_types": [payment.method],
        "status": "succeeded" if payment.succeeded else "requires_payment_method",
    }
    if api_version(payment.at) == OLD_API:
        row["invoice"] = invoice.invoice_id
    yield ("payment_intents", payment.intent_id, payment.at, row)
    row = {
        "id": payment.payment_id,
        "object": "invoice_payment",
        "amount_paid": payment.amount if payment.succeeded else None,
        "amount_requested": payment.amount,
        "created": epoch(payment.at),
        "currency": invoice.currency,
        "invoice": invoice.invoice_id,
        "is_default": True,
        "livemode": True,
        "payment": {"payment_intent": payment.intent_id, "type": "payment_intent"},
        "status": "paid" if payment.succeeded else "open",
        "status_transitions": {"canceled_at": None, "paid_at": epoch(payment.at) if payment.succeeded else None},
    }
    yield ("invoice_payments", payment.payment_id, payment.at, row)


def refund_object(refund: Refund, seed: int) -> Row:
    """A refund; it succeeds at once."""
    return {
        "id": refund.refund_id,
        "object": "refund",
        "amount": refund.amount,
        "balance_transaction": booking_id(seed, refund.refund_id, "refund"),
        "charge": refund.payment.charge_id,
        "created": epoch(refund.at),
        "currency": refund.invoice.currency,
        "metadata": {},
        "payment_intent": refund.payment.intent_id,
        "reason": "requested_by_customer",
        "status": "succeeded",
    }


def dispute_objects(dispute: Dispute, seed: int) -> Iterator[Version]:
    """The dispute when it is opened and when it is decided."""
    for at, status in (
        (dispute.opened, "needs_response"),
        (dispute.closed, "won" if dispute.won else "lost"),
    ):
        if at is None:
            continue
        categories = ["dispute"] + (["dispute_reversal"] if status == "won" else [])
        row = {
            "id": dispute.dispute_id,
            "object": "dispute",
            "amount": dispute.amount,
            "balance_transactions": [
                {"id": booking_id(seed, dispute.dispute_id, c), "object": "balance_transaction"} for c in categories
            ],
            "charge": dispute.payment.charge_id,
            "created": epoch(dispute.opened),
            "currency": dispute.invoice.currency,
            "is_charge_refundable": False,
            "livemode": True,
            "metadata": {},
            "payment_intent": dispute.payment.intent_id,
            "reason": "fraudulent",
            "status": status,
        }
        yield ("disputes", dispute.dispute_id, at, row)


def payout_objects(cash: Cash) -> Iterator[Version]:
    """Every payout at each of its states, its own balance transaction and what it lists."""
    for payout in cash.payouts:
        arrived = midnight(payout.arrival) + timedelta(hours=12)
        for at, status in ((payout.created, "in_transit"), (arrived, "paid"), (payout.failed_at, "failed")):
            if at is not None:
                yield ("payouts", payout.payout_id, at, payout_object(payout, status))
        own = Booking(
            payout.booking_id,
            "payout",
            "payout",
            -payout.amount,
            0,
            payout.currency,
            payout.payout_id,
            payout.created,
            payout.created.date(),
        )
        yield ("balance_transactions", own.booking_id, payout.created, booking_object(own, "available"))
        for booking in payout.listed:
            row = {"payout": payout.payout_id, "balance_transaction": booking.booking_id}
            yield ("payout_balance_transactions", f"{payout.payout_id}|{booking.booking_id}", payout.created, row)


def booking_object(booking: Booking, status: str) -> Row:
    """A balance transaction."""
    fees = (
        []
        if booking.fee == 0
        else [
            {
                "amount": booking.fee,
                "application": None,
                "currency": booking.currency,
                "description": "Stripe processing fees",
                "type": "stripe_fee",
            }
        ]
    )
    return {
        "id": booking.booking_id,
        "object": "balance_transaction",
        "amount": booking.amount,
        "available_on": epoch(midnight(booking.available)),
        "balance_type": "payments",
        "created": epoch(booking.created),
        "currency": booking.currency,
        "description": None,
        "exchange_rate": None,
        "fee": booking.fee,
        "fee_details": fees,
        "net": booking.net,
        "reporting_category": booking.category,
        "source": booking.source_id,
        "status": status,
        "type": booking.kind,
    }


def payout_object(payout: Payout, status: str) -> Row:
    """A payout in one of its states."""
    return {
        "id": payout.payout_id,
        "object": "payout",
        "amount": payout.amount,
        "arrival_date": epoch(midnight(payout.arrival)),
        "automatic": True,
        "balance_transaction": payout.booking_id,
        "created": epoch(payout.created),
        "currency": payout.currency,
        "description": "STRIPE PAYOUT",
        "destination": f"ba_1Q{payout.currency}00000000",
        "failure_balance_transaction": payout.failure_booking_id if status == "failed" else None,
        "failure_code": "account_closed" if status == "failed" else None,
        "failure_message": "The bank account has been closed." if status == "failed" else None,
        "livemode": True,
        "metadata": {},
        "method": "standard",
        "original_payout": None,
        "reconciliation_status": "completed",
        "reversed_by": None,
        "source_type": "card",
        "statement_descriptor": None,
        "status": status,
        "trace_id": {"status": "supported", "value": payout.trace},
        "type": "bank_account",
    }
