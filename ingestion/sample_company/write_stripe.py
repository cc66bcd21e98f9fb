"""Every state of every Stripe object, as its API returned it when the state was recorded."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta
from decimal import Decimal

from ingestion.sample_company.bill_subscriptions import usage_cutoff
from ingestion.sample_company.cash import Cash
from ingestion.sample_company.catalogue import METER
from ingestion.sample_company.days import END_OF_WORLD, epoch, midnight
from ingestion.sample_company.documents import Invoice
from ingestion.sample_company.extract import Extract, Row
from ingestion.sample_company.facts import Account, Facts, Subscription
from ingestion.sample_company.randomness import identifier
from ingestion.sample_company.stripe_balances import balance_rows
from ingestion.sample_company.stripe_catalogue import api_version, as_number, catalogue_objects
from ingestion.sample_company.stripe_invoices import InvoiceShapes, invoice_instants
from ingestion.sample_company.stripe_money import (
    Version,
    booking_object,
    dispute_objects,
    payment_objects,
    payout_objects,
    refund_object,
)
from ingestion.sample_company.stripe_subscriptions import subscription_events, subscription_object
from ingestion.sample_company.usage import Book

# A day's summary stands an hour after the day.
_METERED_AFTER = timedelta(days=1, hours=1)


class StripeWriter:
    """Adds every state of every Stripe object to one extract."""

    def __init__(self, facts: Facts, seed: int) -> None:
        self.extract = Extract("stripe")
        self._facts = facts
        self._seed = seed
        self._epoch = midnight(facts.start)
        self._shapes = InvoiceShapes(seed, self._epoch)

    def write(self, invoices: list[Invoice], cash: Cash, book: Book) -> Extract:
        """All objects of the API that the landing folder knows."""
        self._add_all(catalogue_objects(self._facts))
        for account in self._facts.accounts:
            if account.stripe_customer_id:
                self._customer(account, account.stripe_customer_id)
        for subscription in self._facts.subscriptions:
            self._subscription(subscription)
        for invoice in invoices:
            self._invoice(invoice, cash)
        for refund in cash.refunds:
            self._add("refunds", refund.refund_id, refund.at, refund_object(refund, self._seed))
        for dispute in cash.disputes:
            self._add_all(dispute_objects(dispute, self._seed))
        self._bookings(cash)
        self._add_all(payout_objects(cash))
        self._balances()
        self._summaries(book)
        return self.extract

    def _add(self, name: str, record_id: str, at: datetime, row: Row) -> None:
        if at < END_OF_WORLD:
            self.extract.add(name, record_id, at, row, api_version(at))

    def _add_all(self, versions: Iterable[Version]) -> None:
        for version in versions:
            self._add(*version)

    def _customer(self, account: Account, customer_id: str) -> None:
        row = {
            "id": customer_id,
            "object": "customer",
            "address": {
                "city": None,
                "country": account.country,
                "line1": None,
                "line2": None,
                "postal_code": None,
                "state": None,
            },
            "balance": 0,
            "created": epoch(account.created_at),
            "currency": account.currency,
            "default_source": None,
            "delinquent": False,
            "description": None,
            "email": account.email,
            "invoice_prefix": f"{account.account_id[-4:]}A",
            "livemode": True,
            "metadata": {"account_id": account.account_id} if account.linked else {},
            "name": account.name,
            "phone": None,
            "preferred_locales": [],
            "shipping": None,
            "tax_exempt": "none" if account.exempt_reason is None else "exempt",
            "test_clock": None,
        }
        self._add("customers", customer_id, account.created_at, row)

    def _subscription(self, subscription: Subscription) -> None:
        before: Row | None = None
        for at, kind in subscription_events(subscription):
            snapshot = subscription_object(subscription, at)
            self._add("subscriptions", subscription.subscription_id, at, snapshot)
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
                "id": event_id,
                "object": "event",
                "api_version": api_version(at),
                "created": epoch(at),
                "data": data,
                "livemode": True,
                "pending_webhooks": 0,
                "request": {"id": None, "idempotency_key": None},
                "type": f"customer.subscription.{kind}",
            }
            self._add("events", event_id, at, row)
            before = snapshot

    def _invoice(self, invoice: Invoice, cash: Cash) -> None:
        for number, line in enumerate(invoice.lines):
            line_id = self._shapes.line_id(invoice, number)
            for at in (invoice.created, invoice.finalized):
                self._add("invoice_line_items", line_id, at, self._shapes.line(invoice, line, number, at))
        for at in invoice_instants(invoice):
            self._add("invoices", invoice.invoice_id, at, self._shapes.invoice(invoice, at))
        for note in invoice.credit_notes:
            self._add("credit_notes", note.note_id, note.created, self._shapes.credit_note(invoice, note))
        for payment in invoice.payments:
            self._add_all(payment_objects(invoice, payment, cash))

    def _bookings(self, cash: Cash) -> None:
        for booking in cash.bookings:
            for at in (booking.created, midnight(booking.available)):
                status = "available" if at >= midnight(booking.available) else "pending"
                self._add("balance_transactions", booking.booking_id, at, booking_object(booking, status))

    def _balances(self) -> None:
        transactions = {
            version.record_id: version.row for version in self.extract.versions.get("balance_transactions", [])
        }
        for record_id, at, row in balance_rows(transactions.values()):
            self.extract.add("balance_summaries", record_id, at, row)

    def _summaries(self, book: Book) -> None:
        """What Stripe's meters say per customer, meter and UTC day: first without, later with what came late.

        What came after its bill was final was not sent any more.
        """
        metered = {s.account.account_id: s for s in self._facts.subscriptions if s.metered}
        accounts = {account.account_id: account for account in self._facts.accounts if account.stripe_customer_id}
        values = {key: [(midnight(key[2]) + _METERED_AFTER, value)] for key, value in book.utc_days.items()}
        for event in sorted(book.late, key=lambda late: late.recorded):
            subscription = metered.get(event.account_id)
            if subscription is None or event.recorded >= usage_cutoff(subscription, event.local_day):
                continue
            key = (event.account_id, event.meter_code, event.utc_day)
            before = values[key][-1][1] if key in values else 0
            gauge = METER[event.meter_code].aggregation == "max"
            after = max(before, event.thousandths) if gauge else before + event.thousandths
            values.setdefault(key, []).append((event.recorded + timedelta(hours=1), after))
        for (account_id, code, day), versions in values.items():
            account = accounts.get(account_id)
            if account is None:
                continue
            row_id = identifier(self._seed, "mtrusg_", 16, account_id, code, day)
            for at, thousandths in versions:
                row = {
                    "id": row_id,
                    "object": "billing.meter_event_summary",
                    "aggregated_value": as_number(Decimal(thousandths) / 1000),
                    "customer": account.stripe_customer_id,
                    "end_time": epoch(midnight(day + timedelta(days=1))),
                    "livemode": True,
                    "meter": METER[code].stripe_id,
                    "start_time": epoch(midnight(day)),
                }
                self._add("meter_event_summaries", row_id, at, row)
