"""Dates of the sample: months from an anchor, business days, RFC 3339 and epoch text. All instants are UTC."""

from __future__ import annotations

from calendar import monthrange
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

INITIAL_DELIVERY = date(2026, 10, 28)
SATURDAY = 5
SHORTEST_MONTH, LONGEST_MONTH = 28, 31
LAST_DELIVERY = date(2026, 11, 9)
LAST_ACTIVITY = date(2026, 11, 8)
CLOSING_MONTH = date(2026, 10, 1)
# The first instant that no extract holds.
END_OF_WORLD = datetime.combine(LAST_ACTIVITY + timedelta(days=1), time(), UTC)
# A boundary here would be due after the last extract was cut but before the last delivered day ends.
BLIND_DAYS = frozenset({7, 8, 9})


def add_months(day: date, months: int, anchor_day: int) -> date:
    """The date `months` later; the anchor's day of month is kept apart, so 31 Jan -> 28 Feb -> 31 Mar."""
    index = day.year * 12 + day.month - 1 + months
    year, month = divmod(index, 12)
    return date(year, month + 1, min(anchor_day, monthrange(year, month + 1)[1]))


def first_31st(start: date) -> date:
    """The first 31st at or after the start of a month."""
    while monthrange(start.year, start.month)[1] < LONGEST_MONTH:
        start = add_months(start, 1, 1)
    return start.replace(day=LONGEST_MONTH)


def boundary(anchor: datetime, months: int) -> datetime:
    """Billing boundary: `months` after the anchor at the anchor's time of day (UTC)."""
    return datetime.combine(add_months(anchor.date(), months, anchor.day), anchor.timetz())


def world_start(months: int) -> date:
    """First day of the first simulated month; the last one is the closing month."""
    return add_months(CLOSING_MONTH, 1 - months, 1)


def next_business_day(day: date, count: int = 1) -> date:
    """`count` business days (Monday to Friday) after `day`."""
    while count:
        day += timedelta(days=1)
        if is_business_day(day):
            count -= 1
    return day


def is_business_day(day: date) -> bool:
    """Monday to Friday."""
    return day.weekday() < SATURDAY


def business_day(day: date) -> date:
    """The day itself, or the next business day."""
    return day if is_business_day(day) else next_business_day(day)


def midnight(day: date) -> datetime:
    """The first instant of a UTC day."""
    return datetime(day.year, day.month, day.day, tzinfo=UTC)


def epoch(at: datetime) -> int:
    """Seconds since 1970."""
    return int(at.timestamp())


def rfc3339(at: datetime) -> str:
    """Text in UTC, whole seconds."""
    return at.strftime("%Y-%m-%dT%H:%M:%SZ")


def local_date(at: datetime, zone: str) -> date:
    """The calendar day in the zone."""
    return at.astimezone(_zone(zone)).date()


def local_midnight(day: date, zone: str) -> datetime:
    """The UTC instant at which the local day starts."""
    return datetime(day.year, day.month, day.day, tzinfo=_zone(zone)).astimezone(UTC)


def delivery_day(recorded: datetime) -> date:
    """The extract that first holds a record: the initial one, or the day after it was recorded."""
    day = recorded.date() + timedelta(days=1)
    return max(day, INITIAL_DELIVERY)


@lru_cache(maxsize=64)
def _zone(name: str) -> ZoneInfo:
    return ZoneInfo(name)
