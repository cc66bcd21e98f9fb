"""Who the customers are and what they do: a fixed list of stories, with dates and sizes drawn from the seed.

Stories are listed, not drawn, so that every kind of fact is in every world. Self-service accounts subscribe through
Stripe; sales-assisted ones sign a CRM order under a contract. Billing boundaries never fall on the 7th to 9th, where
they would be due after the last extract was cut.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from random import Random

from ingestion.sample_company.catalogue import (
    COUPONS,
    METERS,
    PRODUCTS,
    Price,
    build_prices,
    price_change,
    usage_price_code,
)
from ingestion.sample_company.days import (
    BLIND_DAYS,
    INITIAL_DELIVERY,
    LAST_ACTIVITY,
    add_months,
    boundary,
    midnight,
    world_start,
)
from ingestion.sample_company.facts import (
    Account,
    Change,
    Contract,
    Discount,
    Facts,
    Item,
    Order,
    OrderLine,
    Provisioned,
    Subscription,
)
from ingestion.sample_company.randomness import identifier, substream

PLACES = {
    "us-east": ("US", "America/New_York", "usd"),
    "us-west": ("US", "America/Los_Angeles", "usd"),
    "us-mid": ("US", "America/Chicago", "usd"),
    "us-utc": ("US", "UTC", "usd"),
    "gb": ("GB", "Europe/London", "usd"),
    "de": ("DE", "Europe/Berlin", "eur"),
    "fr": ("FR", "Europe/Paris", "eur"),
    "jp": ("JP", "Asia/Tokyo", "jpy"),
}
_FIRST = [
    "Amber",
    "Birch",
    "Cedar",
    "Delta",
    "Ember",
    "Fjord",
    "Grove",
    "Harbor",
    "Indigo",
    "Juniper",
    "Kestrel",
    "Lumen",
    "Maple",
    "Nimbus",
    "Orchid",
    "Pine",
]
_LAST = [
    "Analytics",
    "Bakery",
    "Clinics",
    "Design",
    "Energy",
    "Freight",
    "Games",
    "Hotels",
    "Insights",
    "Labs",
    "Media",
    "Optics",
    "Retail",
    "Studio",
]
_SEATS = {product.plan_code: int(product.seats_per_unit or "0") for product in PRODUCTS if product.plan_code}


@dataclass(frozen=True)
class Story:
    """One self-service customer. `seats` is 1 for flat plans; `early` starts in the first half month."""

    kind: str
    place: str
    product: str
    seats: int
    meters: tuple[str, ...] = ()
    coupon: str | None = None
    early: bool = True
    exempt: bool = False


_API, _DOC, _STO, _EGR = "api_calls", "documents", "storage_gb", "egress_gb"
SELF_SERVICE_STORIES = (
    Story("plain", "us-east", "team", 6, (_API, _DOC, _STO, _EGR)),
    Story("plain", "de", "team", 4, (_API, _DOC, _STO)),
    Story("plain", "jp", "team", 5, (_API, _DOC, _EGR)),
    Story("plain", "us-west", "business", 9, (_API, _STO, _EGR)),
    Story("plain", "fr", "business", 3, (_API, _EGR)),
    Story("plain", "gb", "team", 7, (_API, _DOC)),
    Story("plain", "us-mid", "starter", 1, (_DOC,)),
    Story("plain", "de", "starter", 1, (_DOC, _STO)),
    Story("plain", "jp", "business", 4, (_API, _STO)),
    Story("plain", "us-east", "business", 12, (_API, _EGR), exempt=True),
    Story("plain", "fr", "team", 8, (_API, _DOC), exempt=True),
    Story("plain", "us-west", "team", 3, (_EGR, _STO)),
    Story("plain", "us-east", "team", 11, (_API,), early=False),
    Story("plain", "de", "business", 6, (_API, _DOC), early=False),
    Story("plain", "jp", "starter", 1, (_DOC,), early=False),
    Story("plain", "us-mid", "business", 5, (_STO,), early=False),
    Story("anchor31", "us-east", "team", 4, (_API, _DOC)),
    Story("anchor31", "de", "business", 2, (_API,)),
    Story("seats_up", "us-west", "team", 4, (_API,)),
    Story("seats_up", "fr", "team", 5),
    Story("seats_up", "jp", "business", 3, (_STO,)),
    Story("seats_up_late", "us-east", "business", 4, (_EGR,)),
    Story("plan_up", "us-east", "starter", 1, (_DOC,)),
    Story("plan_up", "de", "team", 5, (_API,)),
    Story("plan_up", "jp", "team", 6, (_API, _DOC)),
    Story("seats_down", "us-mid", "business", 10, (_API,)),
    Story("seats_down", "fr", "business", 7, (_API, _STO)),
    Story("seats_down", "gb", "team", 9),
    Story("cancel_end", "us-east", "team", 3, (_API, _DOC)),
    Story("cancel_end", "de", "starter", 1, (_DOC,)),
    Story("cancel_end", "us-west", "business", 3),
    Story("cancel_now", "us-mid", "team", 4, (_API, _EGR)),
    Story("cancel_now", "jp", "starter", 1, (_DOC,)),
    Story("trial", "us-east", "team", 5, early=False),
    Story("trial", "de", "business", 2),
    Story("trial", "jp", "team", 3),
    Story("coupon", "us-west", "team", 7, (_API,), coupon="FRIENDS15"),
    Story("coupon", "de", "business", 3, (_API, _DOC), coupon="PARTNER12"),
    Story("coupon", "us-east", "business", 2, (_DOC,), coupon="WELCOME50"),
    Story("coupon", "jp", "team", 4, coupon="WELCOME50"),
    Story("coupon", "us-mid", "team", 6, (_API,), coupon="LAUNCH20"),
    Story("coupon", "fr", "business", 4, coupon="LAUNCH20"),
    Story("bundle", "us-east", "team", 3, coupon="BUNDLE10USD"),
    Story("bundle", "de", "team", 5, coupon="BUNDLE7EUR"),
    Story("bundle", "jp", "business", 2, coupon="BUNDLE1000JPY"),
    Story("twins", "us-west", "starter", 1),
    Story("twins", "fr", "starter", 1),
)


@dataclass(frozen=True)
class Deal:
    """One sales-assisted customer: seats per period, support, usage items and what is amended later."""

    place: str
    interval: str
    seats: int
    unit_discount: str
    support: bool
    meters: tuple[str, ...]
    amend: int = 0
    discount_percent: str | None = None
    start_day: int | None = None
    exempt: bool = False


DEALS = (
    Deal("de", "month", 40, "0.90", True, (_API, _DOC, _STO, _EGR), start_day=1),
    Deal("us-utc", "month", 60, "0.85", True, (_API, _DOC, _STO, _EGR), start_day=1),
    Deal("jp", "month", 25, "1.00", False, (_API, _DOC), start_day=3),
    Deal("us-east", "quarter", 80, "0.80", False, (), amend=20),
    Deal("fr", "month", 30, "0.95", True, (_API,), amend=10),
    Deal("gb", "month", 22, "1.00", False, (_DOC, _STO), amend=-4),
    Deal("us-west", "month", 45, "0.90", True, (), amend=-10, discount_percent="7.5"),
    Deal("de", "quarter", 35, "0.88", False, (), discount_percent="5"),
    Deal("jp", "quarter", 28, "0.92", False, (), amend=7),
    Deal("us-utc", "month", 18, "1.00", True, (_API, _EGR), exempt=True),
    Deal("fr", "month", 26, "0.97", False, (_API,), discount_percent="3.333"),
    Deal("us-mid", "month", 33, "0.93", True, (), start_day=31),
    Deal("gb", "month", 50, "0.82", True, (_API,)),
)


def build_facts(seed: int, months: int) -> Facts:
    """All facts of the world. Raises ValueError for fewer than two months: a price change needs a month before it."""
    if not 2 <= months <= 120:
        raise ValueError("the sample company needs 2 to 120 months")
    start = world_start(months)
    facts = Facts(start, build_prices(start), [], [], {})
    for number, story in enumerate(SELF_SERVICE_STORIES, start=1):
        _subscribe(facts, seed, number, story)
    for number, deal in enumerate(DEALS, start=1):
        _sign(facts, seed, number, deal)
    return facts


def _account(
    facts: Facts, seed: int, number: int, place: str, created: datetime, plan: str, *, exempt: bool
) -> Account:
    country, zone, currency = PLACES[place]
    name = f"{_FIRST[number % len(_FIRST)]} {_LAST[number // len(_FIRST) + number % 7]}"
    rng = substream(seed, "account", number)
    return Account(
        account_id=f"acct_{number:04d}",
        name=name,
        email=f"billing+{number}@{name.split(maxsplit=1)[0].lower()}.example",
        country=country,
        timezone=zone,
        currency=currency,
        created_at=created,
        plan_code=plan,
        exempt_reason="reverse_charge" if exempt and country != "US" else "resale_certificate" if exempt else None,
        weight=rng.choice((1, 1, 2, 3)),
    )


def _start_instant(facts: Facts, rng: Random, story: Story) -> datetime:
    """An instant whose day of month is a safe anchor. Late starters come between one and two months before the end."""
    first = facts.start if story.early else add_months(facts.start, 1, 1)
    if story.kind == "anchor31":
        return datetime.combine(_first_31st(facts.start), time(13, 5, rng.randrange(60)), UTC)
    safe = [d for d in range(1, 27) if d not in BLIND_DAYS]
    day = rng.choice(safe[:14] if story.early else safe[8:])
    if story.kind == "trial":
        day = rng.choice((10, 11, 12))
    return datetime.combine(
        first.replace(day=day), time(rng.randrange(1, 22), rng.randrange(60), rng.randrange(60)), UTC
    )


def _first_31st(start: date) -> date:
    day = start
    while add_months(day, 0, 31).day != 31:
        day = add_months(day, 1, 1)
    return day.replace(day=31)


def _price(facts: Facts, product: str, currency: str, interval: str, day: date) -> Price:
    candidates = [
        price
        for price in facts.prices.values()
        if (price.product_code, price.currency, price.interval) == (product, currency, interval)
        and price.valid_from <= day
        and (price.valid_to is None or day < price.valid_to)
    ]
    return candidates[-1]


def _subscribe(facts: Facts, seed: int, number: int, story: Story) -> None:
    rng = substream(seed, "story", number)
    start = _start_instant(facts, rng, story)
    account = _account(
        facts, seed, number, story.place, start - timedelta(minutes=10), story.product, exempt=story.exempt
    )
    account.stripe_customer_id = identifier(seed, "cus_", 14, number)
    for copy in range(2 if story.kind == "twins" else 1):
        facts.subscriptions.append(
            _subscription(facts, seed, number, copy, story, account, start + timedelta(seconds=copy))
        )
    subscriptions = [s for s in facts.subscriptions if s.account is account]
    facts.provisioned[account.account_id] = _provision(account, subscriptions)


def _subscription(
    facts: Facts, seed: int, number: int, copy: int, story: Story, account: Account, start: datetime
) -> Subscription:
    rng = substream(seed, "subscription", number, copy)
    currency = account.currency
    trial_end = start + timedelta(days=14) if story.kind == "trial" else None
    anchor = trial_end or start
    products = [story.product] + (["support"] if story.kind == "bundle" else [])
    items = [
        Item(
            identifier(seed, "si_", 14, number, copy, product),
            _price(facts, product, currency, "month", start.date()),
            story.seats if product == story.product else 1,
        )
        for product in products
    ]
    items += [
        Item(identifier(seed, "si_", 14, number, copy, meter), facts.prices[usage_price_code(meter, currency)], 0)
        for meter in story.meters
    ]
    subscription = Subscription(identifier(seed, "sub_1Q", 20, number, copy), account, start, anchor, items, trial_end)
    if story.coupon:
        subscription.discount = _discount(seed, number, story.coupon, start)
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
        price = _price(facts, product, subscription.account.currency, "month", at.date())
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


def _provision(account: Account, subscriptions: list[Subscription]) -> Provisioned:
    statuses = [(account.created_at, "active")]
    ended = [s.ended_at for s in subscriptions if s.ended_at]
    if len(ended) == len(subscriptions):
        statuses.append((max(ended) + timedelta(minutes=5), "closed"))
    plans: list[tuple[datetime, str]] = [(account.created_at, account.plan_code)]
    instants = {s.start for s in subscriptions[-1:]} | {c.at for s in subscriptions for i in s.items for c in i.changes}
    seats: list[tuple[datetime, int]] = []
    for at in sorted(instants):
        plan = subscriptions[0].items[0].at(at)[0].plan_code
        if plan is not None and plan != plans[-1][1]:
            plans.append((at, plan))
        seats.append((at, sum(_seats(i.at(at)) for s in subscriptions for i in s.items)))
    if len(statuses) > 1:
        seats.append((max(ended), 0))
    return Provisioned(account, statuses, plans, seats)


def _seats(state: tuple[Price, int]) -> int:
    price, quantity = state
    return _SEATS.get(price.plan_code, 0) * quantity


def _sign(facts: Facts, seed: int, number: int, deal: Deal) -> None:
    rng = substream(seed, "deal", number)
    account_number = 100 + number
    day = deal.start_day or rng.choice([d for d in range(2, 25) if d not in BLIND_DAYS])
    start = facts.start.replace(day=day) if day <= 28 else _first_31st(facts.start)
    account = _account(
        facts, seed, account_number, deal.place, midnight(start) - timedelta(hours=20), "enterprise", exempt=deal.exempt
    )
    account.crm_account_id = crm_id(seed, "001", number)
    price = _price(facts, "enterprise", account.currency, deal.interval, start)
    unit = (Decimal(price.unit_amount or "0") * Decimal(deal.unit_discount)).quantize(Decimal("0.01"))
    if account.currency == "jpy":
        unit = unit.quantize(Decimal(1))
    percent = Decimal(deal.discount_percent) if deal.discount_percent else None
    lines = [OrderLine(crm_id(seed, "802", number, 0), price, Decimal(deal.seats), unit, percent, start)]
    if deal.support:
        support = _price(facts, "enterprise-support", account.currency, "month", start)
        lines.append(
            OrderLine(
                crm_id(seed, "802", number, 1), support, Decimal(1), Decimal(support.unit_amount or "0"), None, start
            )
        )
    lines += [
        OrderLine(
            crm_id(seed, "802", number, 2 + i),
            facts.prices[usage_price_code(meter, account.currency)],
            Decimal(1),
            Decimal(0),
            None,
            start,
        )
        for i, meter in enumerate(deal.meters)
    ]
    order = Order(crm_id(seed, "801", number, 0), f"{number:08d}", "New", start, lines)
    contract = Contract(
        crm_id(seed, "800", number), f"{number:08d}", account, start, add_months(start, 24, start.day), [order]
    )
    if deal.amend:
        at = add_months(start, 1, start.day) + timedelta(days=rng.randrange(9, 19))
        contract.orders.append(
            Order(
                crm_id(seed, "801", number, 1),
                f"{number + 500:08d}",
                "Reduction" if deal.amend < 0 else "Amendment",
                at,
                [
                    OrderLine(
                        crm_id(seed, "802", number, 9),
                        price,
                        Decimal(deal.amend),
                        unit,
                        percent,
                        at,
                        lines[0].order_item_id,
                    )
                ],
                order.order_id,
            )
        )
    facts.contracts.append(contract)
    seats = [(midnight(start), deal.seats)]
    if deal.amend:
        seats.append((midnight(contract.orders[1].effective_date), deal.seats + deal.amend))
    facts.provisioned[account.account_id] = Provisioned(
        account, [(account.created_at, "active")], [(account.created_at, "enterprise")], seats
    )


def crm_id(seed: int, prefix: str, *names: object) -> str:
    """A Salesforce id of 18 characters: 15 case-sensitive ones and the checksum that makes them case-safe."""
    short = prefix + "5g0000" + identifier(seed, "", 6, "crm", prefix, *names)
    return short + crm_suffix(short)


def crm_suffix(short: str) -> str:
    """Three characters that encode which of the 15 are upper-case letters, five bits each."""
    alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZ012345"
    return "".join(
        alphabet[sum(1 << i for i, char in enumerate(short[block : block + 5]) if "A" <= char <= "Z")]
        for block in (0, 5, 10)
    )


def meter_sources() -> tuple[str, ...]:
    return tuple(meter.source for meter in METERS)


def grandfathered(facts: Facts, item: Item) -> bool:
    """Sold before the price change and still on version 1."""
    return item.price.version == 1 and item.price.valid_to == price_change(facts.start)
