"""Who the customers are: a fixed list of self-service stories and of sales-assisted deals.

They are listed, not drawn, so that every kind of fact is in every world; dates and sizes come from the seed.
"""

from __future__ import annotations

from dataclasses import dataclass

# place -> country, zone, currency
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
    # Place in the list of the deal whose customer pays for this one.
    parent: int | None = None


DEALS = (
    Deal("de", "month", 40, "0.90", support=True, meters=(_API, _DOC, _STO, _EGR), start_day=1),
    Deal("us-utc", "month", 60, "0.85", support=True, meters=(_API, _DOC, _STO, _EGR), start_day=1),
    Deal("jp", "month", 25, "1.00", support=False, meters=(_API, _DOC), start_day=3),
    Deal("us-east", "quarter", 80, "0.80", support=False, meters=(), amend=20),
    Deal("fr", "month", 30, "0.95", support=True, meters=(_API,), amend=10),
    Deal("gb", "month", 22, "1.00", support=False, meters=(_DOC, _STO), amend=-4),
    Deal("us-west", "month", 45, "0.90", support=True, meters=(), amend=-10, discount_percent="7.5"),
    Deal("de", "quarter", 35, "0.88", support=False, meters=(), discount_percent="5"),
    Deal("jp", "quarter", 28, "0.92", support=False, meters=(), amend=7),
    Deal("us-utc", "month", 18, "1.00", support=True, meters=(_API, _EGR), exempt=True),
    Deal("fr", "month", 26, "0.97", support=False, meters=(_API,), discount_percent="3.333"),
    Deal("us-mid", "month", 33, "0.93", support=True, meters=(), start_day=31),
    Deal("gb", "month", 50, "0.82", support=True, meters=(_API,), parent=6),
)
