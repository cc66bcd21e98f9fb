"""The facts of one world: every story and deal, lived through from the seed.

Billing boundaries never fall on the 7th to 9th, where they would be due after the last extract was cut.
"""

from __future__ import annotations

from datetime import UTC, datetime, time, timedelta
from random import Random

from ingestion.sample_company.accounts import new_account, provision
from ingestion.sample_company.catalogue import COUPONS, build_prices, price_on, usage_price_code
from ingestion.sample_company.days import (
    BLIND_DAYS,
    INITIAL_DELIVERY,
    LAST_ACTIVITY,
    add_months,
    boundary,
    first_31st,
    midnight,
    world_start,
)
from ingestion.sample_company.deals import sign
from ingestion.sample_company.facts import Account, Change, Discount, Facts, Item, Subscription
from ingestion.sample_company.randomness import identifier, substream
from ingestion.sample_company.stories import DEALS, SELF_SERVICE_STORIES, Story

# A price change needs a month before it; the first delivery may not hold usage the landing door calls too old.
FEWEST_MONTHS, MOST_MONTHS = 2, 13
TRIAL = timedelta(days=14)


def build_facts(seed: int, months: int) -> Facts:
    """All facts of the world."""
    start = world_start(months)
    facts = Facts(start, build_prices(start), [], [], {})
    for number, story in enumerate(SELF_SERVICE_STORIES, start=1):
        _subscribe(facts, seed, number, story)
    for number, deal in enumerate(DEALS, start=1):
        sign(facts, seed, number, deal)
    return facts


def _start_instant(facts: Facts, rng: Random, story: Story) -> datetime:
    """An instant whose day of month is a safe anchor. Late starters come between one and two months before the end."""
    first = facts.start if story.early else add_months(facts.start, 1, 1)
    if story.kind == "anchor31":
        return datetime.combine(first_31st(facts.start), time(13, 5, rng.randrange(60)), UTC)
    safe = [d for d in range(1, 27) if d not in BLIND_DAYS]
    day = rng.choice(safe[:14] if story.early else safe[8:])
    if story.kind == "trial":
        day = rng.choice((10, 11, 12))
    return datetime.combine(
        first.replace(day=day), time(rng.randrange(1, 22), rng.randrange(60), rng.randrange(60)), UTC
    )


def _subscribe(facts: Facts, seed: int, number: int, story: Story) -> None:
    rng = substream(seed, "story", number)
    start = _start_instant(facts, rng, story)
    created = start - timedelta(minutes=10)
    account = new_account(seed, number, place=story.place, created=created, plan=story.product, exempt=story.exempt)
    account.stripe_customer_id = identifier(seed, "cus_", 14, number)
    subscriptions = [
        _subscription(facts, seed, (number, copy), story, account) for copy in range(2 if story.kind == "twins" else 1)
    ]
    facts.subscriptions += subscriptions
    facts.provisioned[account.account_id] = provision(account, subscriptions)


def _subscription(facts: Facts, seed: int, place: tuple[int, int], story: Story, account: Account) -> Subscription:
    """`place` is the story's number and which of its subscriptions this is; twins start a second apart."""
    rng = substream(seed, "subscription", *place)
    start = account.created_at + timedelta(minutes=10, seconds=place[1])
    trial_end = start + TRIAL if story.kind == "trial" else None
    anchor = trial_end or start
    products = [story.product] + (["support"] if story.kind == "bundle" else [])
    items = [
        Item(
            identifier(seed, "si_", 14, *place, product),
            price_on(facts.prices, product, account.currency, "month", start.date()),
            story.seats if product == story.product else 1,
        )
        for product in products
    ]
    for meter in story.meters:
        price = facts.prices[usage_price_code(meter, account.currency)]
        items.append(Item(identifier(seed, "si_", 14, *place, meter), price, 0))
    subscription = Subscription(identifier(seed, "sub_1Q", 20, *place), account, start, anchor, items, trial_end)
    if story.coupon:
        subscription.discount = _discount(seed, place[0], story.coupon, start)
    _live(facts, rng, story, subscription)
    return subscription


def _discount(seed: int, number: int, coupon_id: str, start: datetime) -> Discount:
    coupon = COUPONS[coupon_id]
    end = None
    if coupon.duration == "once":
        end = start + timedelta(hours=1)
    elif coupon.months is not None:
        end = boundary(start, coupon.months)
    return Discount(identifier(seed, "di_1Q", 18, number), coupon, start, end)


def _live(facts: Facts, rng: Random, story: Story, subscription: Subscription) -> None:
    """Apply the story's change. Decreases and cancellations lie at least a boundary before the end of the world."""
    item = subscription.items[0]
    anchor = subscription.anchor
    last = _last_boundary(anchor, midnight(INITIAL_DELIVERY))
    inside = timedelta(days=rng.randrange(8, 20), hours=rng.randrange(5), minutes=rng.randrange(60))
    if story.kind == "seats_up":
        at = boundary(anchor, max(last - 1, 0)) + inside
        item.changes.append(Change(at, item.price, item.quantity + rng.randrange(2, 5), upgrade=True))
    elif story.kind == "seats_up_late":
        at = datetime.combine(LAST_ACTIVITY - timedelta(days=4), time(10, 17, 23), UTC)
        item.changes.append(Change(at, item.price, item.quantity + 3, upgrade=True))
    elif story.kind == "plan_up":
        at = boundary(anchor, max(last - 1, 0)) + inside
        product = {"starter": "team", "team": "business"}[story.product]
        price = price_on(facts.prices, product, subscription.account.currency, "month", at.date())
        item.changes.append(Change(at, price, max(item.quantity, 4), upgrade=True))
    elif story.kind == "seats_down":
        at = boundary(anchor, max(last - 1, 0)) + inside
        item.changes.append(Change(at, item.price, item.quantity - 2, upgrade=False))
    elif story.kind == "cancel_end":
        subscription.cancel = "period_end"
        subscription.ended_at = boundary(anchor, last)
        subscription.cancel_decided_at = subscription.ended_at - timedelta(days=6)
    elif story.kind == "cancel_now":
        subscription.cancel = "now"
        subscription.ended_at = boundary(anchor, max(last - 1, 0)) + inside
        subscription.cancel_decided_at = subscription.ended_at


def _last_boundary(anchor: datetime, before: datetime) -> int:
    count = 0
    while boundary(anchor, count + 1) < before:
        count += 1
    return count
