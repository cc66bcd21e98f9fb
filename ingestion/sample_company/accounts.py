"""Accounts of the control plane: who they are, and what is switched on for them as their terms change."""

from __future__ import annotations

from datetime import datetime, timedelta

from ingestion.sample_company.catalogue import PRODUCTS, Price
from ingestion.sample_company.facts import Account, Provisioned, Subscription
from ingestion.sample_company.randomness import substream
from ingestion.sample_company.stories import PLACES

FIRST = [
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
LAST = [
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
SEATS: dict[str | None, int] = {product.plan_code: int(product.seats_per_unit or "0") for product in PRODUCTS}


def new_account(seed: int, number: int, *, place: str, created: datetime, plan: str, exempt: bool) -> Account:
    """An account as its customer signed up, before any processor or CRM id."""
    country, zone, currency = PLACES[place]
    name = f"{FIRST[number % len(FIRST)]} {LAST[number // len(FIRST) + number % 7]}"
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


def provision(account: Account, subscriptions: list[Subscription]) -> Provisioned:
    """What is switched on for an account that follows its subscriptions."""
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
    return SEATS.get(price.plan_code, 0) * quantity
