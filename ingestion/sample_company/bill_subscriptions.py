"""The self-service biller: Stripe-like invoices from subscriptions and the usage book.

One invoice per boundary: usage of the period that ended, pending prorations, then the recurring lines of the period
that starts. With usage it is finalized 48 hours after the boundary, else after one hour. Upgrades are invoiced at once.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime, timedelta
from decimal import Decimal
from itertools import count

from ingestion.sample_company.catalogue import rate
from ingestion.sample_company.days import END_OF_WORLD, boundary, local_date
from ingestion.sample_company.documents import Invoice, Line
from ingestion.sample_company.facts import Change, Facts, Item, Subscription
from ingestion.sample_company.money import round_half_away
from ingestion.sample_company.randomness import identifier
from ingestion.sample_company.usage import Book

USAGE_GRACE = timedelta(hours=48)
FINALIZE_AFTER = timedelta(hours=1)


def bill_subscriptions(facts: Facts, book: Book, seed: int) -> list[Invoice]:
    """All invoices of the world, oldest first, numbered in that order per customer."""
    invoices = [invoice for subscription in facts.subscriptions for invoice in _bill(subscription, book, seed)]
    invoices.sort(key=lambda invoice: (invoice.created, invoice.invoice_id))
    counters: dict[str, int] = {}
    for invoice in invoices:
        counters[invoice.account.account_id] = number = counters.get(invoice.account.account_id, 0) + 1
        invoice.number = f"{invoice.account.account_id[-4:]}A-{number:04d}"
        invoice.settle_totals()
    return invoices


def usage_line(subscription: Subscription, item: Item, book: Book, start: datetime, end: datetime) -> Line:
    """Metered line of one period: whole usage known at the end of grace, priced by the catalogue."""
    account, meter = subscription.account, item.price.meter_code or ""
    quantity = book.quantity(
        account.account_id,
        meter,
        local_date(start, account.timezone),
        local_date(end, account.timezone),
        end + USAGE_GRACE,
    )
    return Line(item.item_id, item.price, "usage", start, end, quantity, round_half_away(rate(item.price, quantity)))


def usage_cutoff(subscription: Subscription, local_day: date) -> datetime:
    """Until when usage of the local day had to be recorded to be on its bill."""
    for number in count(1):
        end = boundary(subscription.anchor, number)
        if subscription.ended_at is not None:
            end = min(end, subscription.ended_at)
        if local_day < local_date(end, subscription.account.timezone) or end == subscription.ended_at:
            return end + USAGE_GRACE
    raise AssertionError("boundaries never end")


def recurring_line(item: Item, start: datetime, end: datetime) -> Line:
    """The licensed item's full period, at the price and quantity in force when it starts."""
    price, quantity = item.at(start)
    gross = round_half_away(rate(price, Decimal(quantity)))
    return Line(item.item_id, price, "recurring", start, end, Decimal(quantity), gross)


def proration_lines(item: Item, change: Change, start: datetime, end: datetime) -> list[Line]:
    """Credit of the old and charge of the new version over [change, end), by the second, each rounded alone."""
    old_price, old_quantity = item.at(change.at - timedelta(seconds=1))
    whole = int((end - start).total_seconds())
    left = int((end - change.at).total_seconds())
    old = rate(old_price, Decimal(old_quantity)) * left / whole
    new = rate(change.price, Decimal(change.quantity)) * left / whole
    return [
        Line(item.item_id, old_price, "proration_credit", change.at, end, Decimal(old_quantity), -round_half_away(old)),
        Line(
            item.item_id,
            change.price,
            "proration_charge",
            change.at,
            end,
            Decimal(change.quantity),
            round_half_away(new),
        ),
    ]


def _bill(subscription: Subscription, book: Book, seed: int) -> Iterator[Invoice]:
    """All invoices of one subscription."""
    if subscription.trial_end is not None:
        yield _invoice(subscription, subscription.start, [_trial_line(subscription)], seed, "subscription_create")
    yield from _bill_periods(subscription, book, seed)


def _bill_periods(subscription: Subscription, book: Book, seed: int) -> Iterator[Invoice]:
    """Boundary by boundary until the subscription or the world ends."""
    ended = subscription.ended_at
    pending: list[Line] = []
    for number in count():
        start, end = boundary(subscription.anchor, number), boundary(subscription.anchor, number + 1)
        if start >= END_OF_WORLD:
            return
        over = ended is not None and ended <= start
        lines = _usage(subscription, book, boundary(subscription.anchor, number - 1), start) if number else []
        lines += pending
        if not over:
            lines += _recurring(subscription, start, end)
        if lines:
            created = number == 0 and subscription.trial_end is None
            reason = "subscription_create" if created else "subscription_cycle"
            yield _invoice(subscription, start, lines, seed, reason)
        if over:
            return
        pending = []
        for at, prorations, upgrade in _changes(subscription, start, end):
            if upgrade:
                yield _invoice(subscription, at, prorations, seed, "subscription_update")
            else:
                pending += prorations
        if ended is not None and ended < end:
            last = _usage(subscription, book, start, ended)
            if last:
                yield _invoice(subscription, ended, last, seed, "subscription_cycle")
            return


def _trial_line(subscription: Subscription) -> Line:
    item, end = subscription.items[0], subscription.trial_end or subscription.start
    return Line(item.item_id, item.price, "trial", subscription.start, end, Decimal(item.quantity), 0)


def _changes(subscription: Subscription, start: datetime, end: datetime) -> Iterator[tuple[datetime, list[Line], bool]]:
    """Changes inside a period: when, both proration lines, and whether they are invoiced at once."""
    for item in subscription.items:
        for change in item.changes:
            if start < change.at < end:
                yield change.at, proration_lines(item, change, start, end), change.upgrade


def _recurring(subscription: Subscription, start: datetime, end: datetime) -> list[Line]:
    return [recurring_line(item, start, end) for item in subscription.items if not item.metered]


def _usage(subscription: Subscription, book: Book, start: datetime, end: datetime) -> list[Line]:
    return [usage_line(subscription, item, book, start, end) for item in subscription.items if item.metered]


def _invoice(subscription: Subscription, at: datetime, lines: list[Line], seed: int, reason: str) -> Invoice:
    has_usage = subscription.metered and reason == "subscription_cycle"
    discount = subscription.discount
    return Invoice(
        invoice_id=identifier(seed, "in_1Q", 20, subscription.subscription_id, at, reason),
        number="",
        account=subscription.account,
        currency=subscription.account.currency,
        created=at,
        finalized=at + (USAGE_GRACE if has_usage else FINALIZE_AFTER),
        lines=lines,
        subscription=subscription,
        discount=discount if discount is not None and discount.covers(at) else None,
        reason=reason,
    )
