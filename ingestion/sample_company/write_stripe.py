"""Stripe's objects as its API returns them, in the shape of the API version in force when a state was recorded.

Until the change of version an invoice carries `charge`, `payment_intent` and `subscription`, and a line `price` and
`subscription_item`; afterwards they stand under `parent`, `pricing` and in invoice payments.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from decimal import Decimal

from ingestion.sample_company.bill_subscriptions import END_OF_WORLD
from ingestion.sample_company.cash import Booking, Cash, Dispute, Payout, Refund
from ingestion.sample_company.catalogue import COUPONS, METERS, PRODUCTS, SELF_SERVICE, TAX_RATES, Coupon, Price
from ingestion.sample_company.days import boundary, epoch, midnight
from ingestion.sample_company.documents import CreditNote, Invoice, Line, Payment
from ingestion.sample_company.extract import Extract, Row
from ingestion.sample_company.facts import Account, Discount, Facts, Item, Subscription
from ingestion.sample_company.money import plain, to_minor
from ingestion.sample_company.randomness import identifier
from ingestion.sample_company.usage import Book

OLD_API, NEW_API = "2024-06-20", "2025-09-30.clover"
API_CHANGE = datetime(2026, 10, 15, tzinfo=UTC)


def api_version(at: datetime) -> str:
    return OLD_API if at < API_CHANGE else NEW_API


class StripeWriter:
    """Adds every state of every Stripe object to one extract."""

    def __init__(self, facts: Facts, seed: int) -> None:
        self.extract = Extract("stripe")
        self._facts = facts
        self._seed = seed
        self._epoch = midnight(facts.start)

    def add(self, name: str, record_id: str, at: datetime, row: Row) -> None:
        if at < END_OF_WORLD:
            self.extract.add(name, record_id, at, row, api_version(at))

    def write(self, invoices: list[Invoice], cash: Cash, book: Book) -> None:
        """All objects of inputs.md."""
        self._catalogue()
        for account in self._facts.accounts:
            if account.stripe_customer_id:
                self._customer(account)
        for subscription in self._facts.subscriptions:
            self._subscription(subscription)
        for invoice in invoices:
            self._invoice(invoice, cash)
        for refund in cash.refunds:
            self.add("refunds", refund.refund_id, refund.at, self._refund(refund))
        for dispute in cash.disputes:
            self._dispute(dispute)
        self._bookings(cash)
        self._payouts(cash)
        self._summaries(book)

    def _catalogue(self) -> None:
        at = self._epoch
        for product in PRODUCTS:
            if product.code in SELF_SERVICE:
                row = {
                    "id": product_id(product.code), "object": "product", "active": True, "created": epoch(at),
                    "default_price": None, "description": None, "livemode": True, "metadata": {"product_code": product.code},
                    "name": product.name, "tax_code": "txcd_10103001", "type": "service", "updated": epoch(at),
                }  # fmt: skip
                self.add("products", row["id"], at, row)
        for price in self._facts.prices.values():
            if price.stripe_price_id:
                created = max(at, midnight(price.valid_from))
                self.add("prices", price.stripe_price_id, created, price_object(price, created))
        for coupon in COUPONS.values():
            self.add("coupons", coupon.id, at, coupon_object(coupon, at))
        for jurisdiction, code, rate, valid_from, valid_to in TAX_RATES:
            if valid_to is None:
                rate_id = tax_rate_id(jurisdiction, code)
                row = {
                    "id": rate_id, "object": "tax_rate", "active": True, "country": jurisdiction, "created": epoch(at),
                    "description": f"{jurisdiction} {code}", "display_name": "Sales tax" if jurisdiction == "US" else "VAT",
                    "effective_percentage": None, "inclusive": False, "jurisdiction": jurisdiction, "livemode": True,
                    "metadata": {"valid_from": valid_from.isoformat()}, "percentage": _number(Decimal(rate) * 100),
                    "state": None, "tax_type": "sales_tax" if jurisdiction == "US" else "vat",
                }  # fmt: skip
                self.add("tax_rates", rate_id, at, row)
        for meter in METERS:
            row = {
                "id": meter.stripe_id, "object": "billing.meter", "created": epoch(at),
                "customer_mapping": {"event_payload_key": "stripe_customer_id", "type": "by_id"},
                "default_aggregation": {"formula": "last" if meter.aggregation == "max" else meter.aggregation},
                "display_name": meter.name, "event_name": meter.event_type, "event_time_window": None, "livemode": True,
                "status": "active", "status_transitions": {"deactivated_at": None}, "updated": epoch(at),
                "value_settings": {"event_payload_key": "value"},
            }  # fmt: skip
            self.add("meters", meter.stripe_id, at, row)

    def _customer(self, account: Account) -> None:
        row = {
            "id": account.stripe_customer_id, "object": "customer",
            "address": {
                "city": None, "country": account.country, "line1": None, "line2": None, "postal_code": None, "state": None,
            },
            "balance": 0, "created": epoch(account.created_at), "currency": account.currency, "default_source": None,
            "delinquent": False, "description": None, "email": account.email,
            "invoice_prefix": f"{account.account_id[-4:]}A", "livemode": True,
            "metadata": {"account_id": account.account_id} if account.linked else {}, "name": account.name, "phone": None, "preferred_locales": [],
            "shipping": None, "tax_exempt": "none" if account.exempt_reason is None else "exempt", "test_clock": None,
        }  # fmt: skip
        self.add("customers", str(account.stripe_customer_id), account.created_at, row)

    def _subscription(self, subscription: Subscription) -> None:
        before: Row | None = None
        for at, kind in subscription_events(subscription):
            snapshot = subscription_object(subscription, at)
            self.add("subscriptions", subscription.subscription_id, at, snapshot)
            event_id = identifier(self._seed, "evt_1Q", 20, subscription.subscription_id, at, kind)
            data: Row = {"object": snapshot}
            if kind == "updated" and before is not None:
                data["previous_attributes"] = {
                    key: before[key]
                    for key in before
                    if key not in {"items", "object"} and before[key] != snapshot.get(key)
                }
                if before["items"] != snapshot["items"]:
                    data["previous_attributes"]["items"] = before["items"]
            row = {
                "id": event_id, "object": "event", "api_version": api_version(at), "created": epoch(at), "data": data,
                "livemode": True, "pending_webhooks": 0, "request": {"id": None, "idempotency_key": None},
                "type": f"customer.subscription.{kind}",
            }  # fmt: skip
            self.add("events", event_id, at, row)
            before = snapshot

    def _invoice(self, invoice: Invoice, cash: Cash) -> None:
        for number, line in enumerate(invoice.lines):
            self._line_versions(invoice, line, number)
        for at in invoice_instants(invoice):
            self.add("invoices", invoice.invoice_id, at, self._invoice_object(invoice, at))
        for note in invoice.credit_notes:
            self.add("credit_notes", note.note_id, note.created, self._credit_note(invoice, note))
        for payment in invoice.payments:
            self._payment(invoice, payment, cash)

    def _line_versions(self, invoice: Invoice, line: Line, number: int) -> None:
        line_id = self._line_id(invoice, number)
        for at in (invoice.created, invoice.finalized):
            self.add("invoice_line_items", line_id, at, self._line(invoice, line, number, at))

    def _line_id(self, invoice: Invoice, number: int) -> str:
        return identifier(self._seed, "il_1Q", 20, invoice.invoice_id, number)

    def _line(self, invoice: Invoice, line: Line, number: int, at: datetime) -> Row:
        discount = invoice.discount
        row: Row = {
            "id": self._line_id(invoice, number), "object": "line_item", "amount": line.gross,
            "currency": invoice.currency, "description": _description(line),
            "discount_amounts": [{"amount": line.discount, "discount": discount.discount_id}] if discount else [],
            "discountable": True, "discounts": [discount.discount_id] if discount else [],
            "invoice": invoice.invoice_id, "livemode": True, "metadata": {},
            "period": {"end": epoch(line.end), "start": epoch(line.start)},
            "quantity": int(line.quantity), "quantity_decimal": plain(line.quantity),
        }  # fmt: skip
        subscription = invoice.subscription.subscription_id if invoice.subscription else None
        proration = line.kind.startswith("proration")
        credited = {"credited_items": None}
        unit = None if line.price.unit_amount is None else plain(to_minor(line.price.unit_amount, invoice.currency))
        if api_version(at) == OLD_API:
            return row | {
                "plan": None, "price": price_object(line.price, max(self._epoch, midnight(line.price.valid_from))),
                "proration": proration, "proration_details": credited, "subscription": subscription,
                "subscription_item": line.source_id, "tax_amounts": [
                    {
                        "amount": tax, "inclusive": False, "tax_rate": rate_id, "taxability_reason": "standard_rated",
                        "taxable_amount": line.net,
                    }
                    for tax, rate_id in _taxes(invoice, line)
                ],
                "tax_rates": [], "type": "invoiceitem" if proration else "subscription",
                "unit_amount_excluding_tax": unit,
            }  # fmt: skip
        return row | {
            "parent": {
                "invoice_item_details": None,
                "subscription_item_details": {
                    "invoice_item": None, "proration": proration, "proration_details": credited,
                    "subscription": subscription, "subscription_item": line.source_id,
                },
                "type": "subscription_item_details",
            },
            "pretax_credit_amounts": [],
            "pricing": {
                "price_details": {"price": line.price.stripe_price_id, "product": product_id(line.price.product_code)},
                "type": "price_details", "unit_amount_decimal": unit,
            },
            "subtotal": line.gross,
            "taxes": [
                {
                    "amount": tax, "tax_behavior": "exclusive", "tax_rate_details": {"tax_rate": rate_id},
                    "taxability_reason": "standard_rated", "taxable_amount": line.net, "type": "tax_rate_details",
                }
                for tax, rate_id in _taxes(invoice, line)
            ],
        }  # fmt: skip

    def _invoice_object(self, invoice: Invoice, at: datetime) -> Row:
        status = invoice_status(invoice, at)
        paid = sum(p.amount for p in invoice.payments if p.succeeded and p.at <= at)
        pre = sum(n.amount for n in invoice.credit_notes if not n.post_payment and n.created <= at)
        post = sum(n.amount for n in invoice.credit_notes if n.post_payment and n.created <= at)
        last = next((p for p in reversed(invoice.payments) if p.at <= at), None)
        subscription = invoice.subscription.subscription_id if invoice.subscription else None
        total = invoice.total
        page = {
            "object": "list",
            "data": [self._line(invoice, line, number, at) for number, line in enumerate(invoice.lines[:10])],
            "has_more": len(invoice.lines) > 10, "url": f"/v1/invoices/{invoice.invoice_id}/lines",
        }  # fmt: skip
        discount = (
            [{"amount": invoice.discounted, "discount": invoice.discount.discount_id}] if invoice.discount else []
        )
        row: Row = {
            "id": invoice.invoice_id, "object": "invoice", "account_country": "US", "account_name": "Acme Inc",
            "amount_due": max(total, 0), "amount_paid": paid, "amount_remaining": max(total - pre - paid, 0),
            "attempt_count": sum(p.at <= at for p in invoice.payments), "attempted": last is not None,
            "auto_advance": status in {"draft", "open"}, "billing_reason": invoice.reason,
            "collection_method": invoice.collection_method, "created": epoch(invoice.created), "currency": invoice.currency,
            "customer": invoice.account.stripe_customer_id, "customer_email": invoice.account.email,
            "customer_name": invoice.account.name,
            "customer_tax_exempt": "none" if invoice.account.exempt_reason is None else "exempt",
            "discounts": [invoice.discount.discount_id] if invoice.discount else [],
            "due_date": epoch(invoice.due) if invoice.due else None, "effective_at": epoch(invoice.finalized),
            "ending_balance": 0 if status != "draft" else None, "lines": page, "livemode": True, "metadata": {},
            "next_payment_attempt": None, "number": None if status == "draft" else invoice.number,
            "period_end": epoch(invoice.created), "period_start": epoch(invoice.created),
            "post_payment_credit_notes_amount": post, "pre_payment_credit_notes_amount": pre, "starting_balance": 0,
            "status": status,
            "status_transitions": {
                "finalized_at": _seen(invoice.finalized, at), "marked_uncollectible_at": None,
                "paid_at": _seen(invoice.closed_at, at), "voided_at": _seen(invoice.voided_at, at),
            },
            "subtotal": invoice.subtotal, "subtotal_excluding_tax": invoice.subtotal, "total": total,
            "total_discount_amounts": discount, "total_excluding_tax": total - invoice.tax,
        }  # fmt: skip
        taxes: dict[str, int] = {}
        for line in invoice.lines:
            for tax, rate_id in _taxes(invoice, line):
                taxes[rate_id] = taxes.get(rate_id, 0) + tax
        if api_version(at) == OLD_API:
            return row | {
                "charge": last.charge_id if last else None, "payment_intent": last.intent_id if last else None,
                "paid": status == "paid", "subscription": subscription, "tax": invoice.tax,
                "total_tax_amounts": [{"amount": t, "inclusive": False, "tax_rate": r} for r, t in taxes.items()],
            }  # fmt: skip
        return row | {
            "parent": {
                "quote_details": None, "subscription_details": {"metadata": {}, "subscription": subscription},
                "type": "subscription_details",
            },
            "total_taxes": [
                {"amount": t, "tax_behavior": "exclusive", "tax_rate_details": {"tax_rate": r}} for r, t in taxes.items()
            ],
        }  # fmt: skip

    def _credit_note(self, invoice: Invoice, note: CreditNote) -> Row:
        net, tax = sum(n for _, n, _ in note.lines), sum(t for _, _, t in note.lines)
        lines = [
            {
                "id": identifier(self._seed, "cnli_1Q", 18, note.note_id, number), "object": "credit_note_line_item",
                "amount": line_net, "description": _description(line), "discount_amount": 0, "discount_amounts": [],
                "invoice_line_item": self._line_id(invoice, invoice.lines.index(line)), "livemode": True, "quantity": None,
                "type": "invoice_line_item", "tax_amounts": [{"amount": line_tax, "inclusive": False}],
            }
            for number, (line, line_net, line_tax) in enumerate(note.lines)
        ]  # fmt: skip
        return {
            "id": note.note_id, "object": "credit_note", "amount": note.amount, "amount_shipping": 0,
            "created": epoch(note.created), "currency": invoice.currency,
            "customer": invoice.account.stripe_customer_id, "customer_balance_transaction": None, "discount_amount": 0,
            "effective_at": epoch(note.created), "invoice": invoice.invoice_id,
            "lines": {
                "object": "list", "data": lines, "has_more": False, "url": f"/v1/credit_notes/{note.note_id}/lines",
            },
            "livemode": True, "memo": None, "metadata": {}, "number": note.number,
            "post_payment_amount": note.amount if note.post_payment else 0,
            "pre_payment_amount": 0 if note.post_payment else note.amount, "reason": "order_change",
            "refund": note.refund_id, "status": "issued", "subtotal": net, "subtotal_excluding_tax": net,
            "total": net + tax, "total_excluding_tax": net,
            "type": "post_payment" if note.post_payment else "pre_payment", "voided_at": None,
        }  # fmt: skip

    def _payment(self, invoice: Invoice, payment: Payment, cash: Cash) -> None:
        if not payment.charge_id:
            return
        customer = invoice.account.stripe_customer_id
        booking = next((b for b in cash.bookings if b.source_id == payment.charge_id and b.kind == "charge"), None)
        refunds = [r for r in cash.refunds if r.payment is payment]
        disputes = [d for d in cash.disputes if d.payment is payment]
        for at in sorted({payment.at, *(r.at for r in refunds), *(d.opened for d in disputes)}):
            refunded = sum(r.amount for r in refunds if r.at <= at)
            row = {
                "id": payment.charge_id, "object": "charge", "amount": payment.amount,
                "amount_captured": payment.amount if payment.succeeded else 0, "amount_refunded": refunded,
                "balance_transaction": booking.booking_id if booking else None, "captured": payment.succeeded,
                "created": epoch(payment.at), "currency": invoice.currency, "customer": customer,
                "description": "Subscription update" if invoice.reason == "subscription_update" else "Subscription",
                "disputed": any(d.opened <= at for d in disputes),
                "failure_code": None if payment.succeeded else "card_declined",
                "failure_message": None if payment.succeeded else "Your card was declined.", "livemode": True,
                "metadata": {}, "paid": payment.succeeded, "payment_intent": payment.intent_id,
                "payment_method_details": {"type": payment.method}, "refunded": refunded == payment.amount,
                "status": "succeeded" if payment.succeeded else "failed",
            }  # fmt: skip
            if api_version(at) == OLD_API:
                row["invoice"] = invoice.invoice_id
            self.add("charges", payment.charge_id, at, row)
        self._intent(invoice, payment)

    def _intent(self, invoice: Invoice, payment: Payment) -> None:
        row: Row = {
            "id": payment.intent_id, "object": "payment_intent", "amount": payment.amount, "amount_capturable": 0,
            "amount_received": payment.amount if payment.succeeded else 0, "capture_method": "automatic",
            "created": epoch(payment.at), "currency": invoice.currency,
            "customer": invoice.account.stripe_customer_id, "latest_charge": payment.charge_id, "livemode": True,
            "metadata": {}, "payment_method_types": [payment.method],
            "status": "succeeded" if payment.succeeded else "requires_payment_method",
        }  # fmt: skip
        if api_version(payment.at) == OLD_API:
            row["invoice"] = invoice.invoice_id
        self.add("payment_intents", payment.intent_id, payment.at, row)
        row = {
            "id": payment.payment_id, "object": "invoice_payment",
            "amount_paid": payment.amount if payment.succeeded else None, "amount_requested": payment.amount,
            "created": epoch(payment.at), "currency": invoice.currency, "invoice": invoice.invoice_id,
            "is_default": True, "livemode": True,
            "payment": {"payment_intent": payment.intent_id, "type": "payment_intent"},
            "status": "paid" if payment.succeeded else "open",
            "status_transitions": {"canceled_at": None, "paid_at": epoch(payment.at) if payment.succeeded else None},
        }  # fmt: skip
        self.add("invoice_payments", payment.payment_id, payment.at, row)

    def _refund(self, refund: Refund) -> Row:
        return {
            "id": refund.refund_id, "object": "refund", "amount": refund.amount,
            "balance_transaction": identifier(self._seed, "txn_3Q", 20, refund.refund_id, "refund"),
            "charge": refund.payment.charge_id, "created": epoch(refund.at), "currency": refund.invoice.currency,
            "metadata": {}, "payment_intent": refund.payment.intent_id, "reason": "requested_by_customer",
            "status": "succeeded",
        }  # fmt: skip

    def _dispute(self, dispute: Dispute) -> None:
        for at, status in (
            (dispute.opened, "needs_response"),
            (dispute.closed, "won" if dispute.won else "lost"),
        ):
            if at is None:
                continue
            categories = ["dispute"] + (["dispute_reversal"] if status == "won" else [])
            row = {
                "id": dispute.dispute_id, "object": "dispute", "amount": dispute.amount,
                "balance_transactions": [
                    {"id": identifier(self._seed, "txn_3Q", 20, dispute.dispute_id, c), "object": "balance_transaction"}
                    for c in categories
                ],
                "charge": dispute.payment.charge_id, "created": epoch(dispute.opened),
                "currency": dispute.invoice.currency, "is_charge_refundable": False, "livemode": True, "metadata": {},
                "payment_intent": dispute.payment.intent_id, "reason": "fraudulent", "status": status,
            }  # fmt: skip
            self.add("disputes", dispute.dispute_id, at, row)

    def _bookings(self, cash: Cash) -> None:
        for booking in cash.bookings:
            for at in (booking.created, midnight(booking.available)):
                status = "available" if at >= midnight(booking.available) else "pending"
                self.add("balance_transactions", booking.booking_id, at, booking_object(booking, status))

    def _payouts(self, cash: Cash) -> None:
        for payout in cash.payouts:
            arrived = midnight(payout.arrival) + timedelta(hours=12)
            for at, status in ((payout.created, "in_transit"), (arrived, "paid"), (payout.failed_at, "failed")):
                if at is not None:
                    self.add("payouts", payout.payout_id, at, payout_object(payout, status))
            own = Booking(
                payout.booking_id, "payout", "payout", -payout.amount, 0, payout.currency, payout.payout_id,
                payout.created, payout.created.date(),
            )  # fmt: skip
            self.add("balance_transactions", own.booking_id, payout.created, booking_object(own, "available"))
            for booking in payout.listed:
                row = {"payout": payout.payout_id, "balance_transaction": booking.booking_id}
                self.add("payout_balance_transactions", f"{payout.payout_id}|{booking.booking_id}", payout.created, row)

    def _summaries(self, book: Book) -> None:
        """What Stripe's meters say per customer, meter and local day: the same sums, without late events."""
        accounts = {account.account_id: account for account in self._facts.accounts if account.stripe_customer_id}
        meters = {meter.code: meter for meter in METERS}
        for (account_id, code, day), thousandths in book.days.items():
            account = accounts.get(account_id)
            start = midnight(day)
            if account is None or start < self._epoch:
                continue
            row_id = identifier(self._seed, "mtrusg_", 16, account_id, code, day)
            row = {
                "id": row_id, "object": "billing.meter_event_summary", "aggregated_value": _number(Decimal(thousandths) / 1000),
                "customer": account.stripe_customer_id, "end_time": epoch(start + timedelta(days=1)), "livemode": True,
                "meter": meters[code].stripe_id, "start_time": epoch(start),
            }  # fmt: skip
            self.add("meter_event_summaries", row_id, start + timedelta(days=1, hours=1), row)


def subscription_events(subscription: Subscription) -> Iterator[tuple[datetime, str]]:
    """Every instant at which the subscription changed, with the event's kind."""
    instants = {subscription.trial_end} if subscription.trial_end else set()
    instants |= {change.at for item in subscription.items for change in item.changes}
    if subscription.discount and subscription.discount.end:
        instants.add(subscription.discount.end)
    if subscription.cancel == "period_end" and subscription.cancel_decided_at:
        instants.add(subscription.cancel_decided_at)
    ended = subscription.ended_at
    yield subscription.start, "created"
    for at in sorted(instant for instant in instants if instant is not None):
        if ended is None or at < ended:
            yield at, "updated"
    if ended is not None:
        yield ended, "deleted"


def subscription_object(subscription: Subscription, at: datetime) -> Row:
    """The subscription as it stands at the instant."""
    ended = subscription.ended_at is not None and subscription.ended_at <= at
    trialing = subscription.trial_end is not None and at < subscription.trial_end
    decided = subscription.cancel_decided_at is not None and subscription.cancel_decided_at <= at
    start, end = _current_period(subscription, at)
    discount = subscription.discount
    row: Row = {
        "id": subscription.subscription_id, "object": "subscription",
        "billing_cycle_anchor": epoch(subscription.anchor),
        "cancel_at": epoch(subscription.ended_at) if decided and subscription.cancel == "period_end" and subscription.ended_at else None,
        "cancel_at_period_end": decided and subscription.cancel == "period_end",
        "canceled_at": epoch(subscription.cancel_decided_at) if decided and subscription.cancel_decided_at else None,
        "collection_method": subscription.collection_method, "created": epoch(subscription.start),
        "currency": subscription.account.currency, "customer": subscription.account.stripe_customer_id,
        "days_until_due": None, "default_tax_rates": [],
        "discounts": [discount_object(discount, subscription, at)] if discount and discount.covers(at) else [],
        "ended_at": epoch(subscription.ended_at) if ended and subscription.ended_at else None,
        "items": {
            "object": "list", "data": [_item_object(subscription, item, at) for item in subscription.items],
            "has_more": False, "url": f"/v1/subscription_items?subscription={subscription.subscription_id}",
        },
        "latest_invoice": None, "livemode": True, "metadata": {"account_id": subscription.account.account_id} if subscription.account.linked else {},
        "pause_collection": None, "schedule": None, "start_date": epoch(subscription.start),
        "status": "canceled" if ended else "trialing" if trialing else "active",
        "trial_end": epoch(subscription.trial_end) if subscription.trial_end else None,
        "trial_start": epoch(subscription.start) if subscription.trial_end else None,
    }  # fmt: skip
    if api_version(at) == OLD_API:
        row |= {"current_period_start": epoch(start), "current_period_end": epoch(end)}
    return row


def _current_period(subscription: Subscription, at: datetime) -> tuple[datetime, datetime]:
    if subscription.trial_end is not None and at < subscription.trial_end:
        return subscription.start, subscription.trial_end
    number = 0
    while boundary(subscription.anchor, number + 1) <= at:
        number += 1
    return boundary(subscription.anchor, number), boundary(subscription.anchor, number + 1)


def _item_object(subscription: Subscription, item: Item, at: datetime) -> Row:
    price, quantity = item.at(at)
    row: Row = {
        "id": item.item_id, "object": "subscription_item", "created": epoch(subscription.start), "discounts": [],
        "metadata": {}, "price": price_object(price, max(subscription.start.replace(day=1), midnight(price.valid_from))),
        "subscription": subscription.subscription_id, "tax_rates": [],
    }  # fmt: skip
    if not item.metered:
        row["quantity"] = quantity
    if api_version(at) == NEW_API:
        start, end = _current_period(subscription, at)
        row |= {"current_period_start": epoch(start), "current_period_end": epoch(end)}
    return row


def discount_object(discount: Discount, subscription: Subscription, at: datetime) -> Row:
    row: Row = {
        "id": discount.discount_id, "object": "discount", "customer": subscription.account.stripe_customer_id,
        "start": epoch(discount.start), "end": epoch(discount.end) if discount.end else None,
        "subscription": subscription.subscription_id,
    }  # fmt: skip
    if api_version(at) == OLD_API:
        return row | {
            "coupon": coupon_object(discount.coupon, discount.start.replace(day=1, hour=0, minute=0, second=0))
        }
    return row | {"source": {"type": "coupon", "coupon": discount.coupon.id}}


def coupon_object(coupon: Coupon, created: datetime) -> Row:
    return {
        "id": coupon.id, "object": "coupon", "amount_off": coupon.amount_off, "created": epoch(created),
        "currency": coupon.currency, "duration": coupon.duration, "duration_in_months": coupon.months, "livemode": True,
        "max_redemptions": None, "metadata": {}, "name": coupon.name,
        "percent_off": None if coupon.percent_off is None else _number(Decimal(coupon.percent_off)), "redeem_by": None,
        "times_redeemed": 0, "valid": True,
    }  # fmt: skip


def price_object(price: Price, created: datetime) -> Row:
    """A price; allowances and tiers become Stripe tiers (an allowance is a free first one)."""
    metered = price.kind == "usage"
    tiers = _tiers(price)
    unit = None if tiers or price.unit_amount is None else to_minor(price.unit_amount, price.currency)
    row: Row = {
        "id": price.stripe_price_id, "object": "price", "active": price.valid_to is None,
        "billing_scheme": "tiered" if tiers else "per_unit", "created": epoch(created), "currency": price.currency,
        "custom_unit_amount": None, "livemode": True, "lookup_key": price.code, "metadata": {"price_code": price.code},
        "nickname": price.code, "product": product_id(price.product_code),
        "recurring": {
            "interval": price.interval, "interval_count": 1, "meter": _meter_id(price),
            "trial_period_days": None, "usage_type": "metered" if metered else "licensed",
        },
        "tax_behavior": "exclusive",
        "tiers_mode": None if not tiers else "volume" if price.charge_model == "volume" else "graduated",
        "transform_quantity": None if price.package_size is None else {"divide_by": int(price.package_size), "round": "up"},
        "type": "recurring", "unit_amount": int(unit) if unit is not None and unit == int(unit) else None,
        "unit_amount_decimal": None if unit is None else plain(unit),
    }  # fmt: skip
    if tiers:
        row["tiers"] = tiers
    return row


def _tiers(price: Price) -> list[Row]:
    if not price.tiers and price.included_quantity is None:
        return []
    included = Decimal(price.included_quantity or "0")
    tiers: list[Row] = []
    if included:
        tiers.append(
            {
                "flat_amount": None,
                "flat_amount_decimal": None,
                "unit_amount": 0,
                "unit_amount_decimal": "0",
                "up_to": int(included),
            }
        )
    parts = [(t.up_to, t.unit_amount, t.flat_amount) for t in price.tiers] or [(None, price.unit_amount or "0", "0")]
    for up_to, unit, flat in parts:
        unit_minor, flat_minor = to_minor(unit, price.currency), to_minor(flat, price.currency)
        tiers.append(
            {
                "flat_amount": int(flat_minor), "flat_amount_decimal": plain(flat_minor),
                "unit_amount": int(unit_minor) if unit_minor == int(unit_minor) else None,
                "unit_amount_decimal": plain(unit_minor), "up_to": None if up_to is None else int(Decimal(up_to) + included),
            }
        )  # fmt: skip
    return tiers


def booking_object(booking: Booking, status: str) -> Row:
    fees = [] if booking.fee == 0 else [
        {"amount": booking.fee, "application": None, "currency": booking.currency, "description": "Stripe processing fees", "type": "stripe_fee"}
    ]  # fmt: skip
    return {
        "id": booking.booking_id, "object": "balance_transaction", "amount": booking.amount,
        "available_on": epoch(midnight(booking.available)), "balance_type": "payments", "created": epoch(booking.created),
        "currency": booking.currency, "description": None, "exchange_rate": None, "fee": booking.fee,
        "fee_details": fees, "net": booking.net, "reporting_category": booking.category, "source": booking.source_id,
        "status": status, "type": booking.kind,
    }  # fmt: skip


def payout_object(payout: Payout, status: str) -> Row:
    return {
        "id": payout.payout_id, "object": "payout", "amount": payout.amount, "arrival_date": epoch(midnight(payout.arrival)),
        "automatic": True, "balance_transaction": payout.booking_id, "created": epoch(payout.created),
        "currency": payout.currency, "description": "STRIPE PAYOUT", "destination": f"ba_1Q{payout.currency}00000000",
        "failure_balance_transaction": payout.failure_booking_id if status == "failed" else None,
        "failure_code": "account_closed" if status == "failed" else None,
        "failure_message": "The bank account has been closed." if status == "failed" else None, "livemode": True,
        "metadata": {}, "method": "standard", "original_payout": None, "reconciliation_status": "completed",
        "reversed_by": None, "source_type": "card", "statement_descriptor": None, "status": status,
        "trace_id": {"status": "supported", "value": payout.trace}, "type": "bank_account",
    }  # fmt: skip


def invoice_instants(invoice: Invoice) -> list[datetime]:
    """Every instant at which the invoice object changed."""
    instants = {invoice.created, invoice.finalized, invoice.voided_at, invoice.closed_at}
    instants |= {note.created for note in invoice.credit_notes} | {payment.at for payment in invoice.payments}
    return sorted(at for at in instants if at is not None)


def invoice_status(invoice: Invoice, at: datetime) -> str:
    if invoice.voided_at is not None and invoice.voided_at <= at:
        return "void"
    if invoice.closed_at is not None and invoice.closed_at <= at:
        return "paid"
    return "open" if invoice.finalized <= at else "draft"


def product_id(code: str) -> str:
    return "prod_" + code.replace("_", "").replace("-", "").upper().ljust(14, "0")


def tax_rate_id(jurisdiction: str, code: str) -> str:
    return f"txr_1Q{jurisdiction}{code[5:]}"


def _taxes(invoice: Invoice, line: Line) -> list[tuple[int, str]]:
    if invoice.account.exempt_reason is not None:
        return []
    return [(line.tax, tax_rate_id(invoice.account.country, line.price.tax_code))]


def _meter_id(price: Price) -> str | None:
    return next((meter.stripe_id for meter in METERS if meter.code == price.meter_code), None)


def _description(line: Line) -> str:
    names = {product.code: product.name for product in PRODUCTS}
    name = names[line.price.product_code]
    if line.kind == "trial":
        return f"Trial period for {name}"
    if line.kind == "proration_credit":
        return f"Unused time on {plain(line.quantity)} x {name}"
    if line.kind == "proration_charge":
        return f"Remaining time on {plain(line.quantity)} x {name}"
    return f"{plain(line.quantity)} x {name}"


def _seen(instant: datetime | None, at: datetime) -> int | None:
    return epoch(instant) if instant is not None and instant <= at else None


def _number(value: Decimal) -> int | Decimal:
    return int(value) if value == int(value) else value.normalize()
