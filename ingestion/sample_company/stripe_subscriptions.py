"""Stripe subscriptions: the instants at which one changed, and what it looked like then."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from ingestion.sample_company.days import boundary, epoch, midnight
from ingestion.sample_company.extract import Row
from ingestion.sample_company.facts import Discount, Item, Subscription
from ingestion.sample_company.stripe_catalogue import NEW_API, OLD_API, api_version, coupon_object, price_object


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
        "id": subscription.subscription_id,
        "object": "subscription",
        "billing_cycle_anchor": epoch(subscription.anchor),
        "cancel_at": epoch(subscription.ended_at)
        if decided and subscription.cancel == "period_end" and subscription.ended_at
        else None,
        "cancel_at_period_end": decided and subscription.cancel == "period_end",
        "canceled_at": epoch(subscription.cancel_decided_at) if decided and subscription.cancel_decided_at else None,
        "collection_method": subscription.collection_method,
        "created": epoch(subscription.start),
        "currency": subscription.account.currency,
        "customer": subscription.account.stripe_customer_id,
        "days_until_due": None,
        "default_tax_rates": [],
        "discounts": [discount_object(discount, subscription, at)] if discount and discount.covers(at) else [],
        "ended_at": epoch(subscription.ended_at) if ended and subscription.ended_at else None,
        "items": {
            "object": "list",
            "data": [_item_object(subscription, item, at) for item in subscription.items],
            "has_more": False,
            "url": f"/v1/subscription_items?subscription={subscription.subscription_id}",
        },
        "latest_invoice": None,
        "livemode": True,
        "metadata": {"account_id": subscription.account.account_id} if subscription.account.linked else {},
        "pause_collection": None,
        "schedule": None,
        "start_date": epoch(subscription.start),
        "status": "canceled" if ended else "trialing" if trialing else "active",
        "trial_end": epoch(subscription.trial_end) if subscription.trial_end else None,
        "trial_start": epoch(subscription.start) if subscription.trial_end else None,
    }
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
        "id": item.item_id,
        "object": "subscription_item",
        "created": epoch(subscription.start),
        "discounts": [],
        "metadata": {},
        "price": price_object(price, max(subscription.start.replace(day=1), midnight(price.valid_from))),
        "subscription": subscription.subscription_id,
        "tax_rates": [],
    }
    if not item.metered:
        row["quantity"] = quantity
    if api_version(at) == NEW_API:
        start, end = _current_period(subscription, at)
        row |= {"current_period_start": epoch(start), "current_period_end": epoch(end)}
    return row


def discount_object(discount: Discount, subscription: Subscription, at: datetime) -> Row:
    """A discount: with its coupon in the old API, with the coupon's id in the new one."""
    row: Row = {
        "id": discount.discount_id,
        "object": "discount",
        "customer": subscription.account.stripe_customer_id,
        "start": epoch(discount.start),
        "end": epoch(discount.end) if discount.end else None,
        "subscription": subscription.subscription_id,
    }
    if api_version(at) == OLD_API:
        return row | {
            "coupon": coupon_object(discount.coupon, discount.start.replace(day=1, hour=0, minute=0, second=0))
        }
    return row | {"source": {"type": "coupon", "coupon": discount.coupon.id}}
