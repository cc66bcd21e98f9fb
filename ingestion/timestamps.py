"""Instants as other systems write them, read strictly: no infinity, ASCII digits alone.

Two spellings of an instant are normalised: 24:00:00 is the midnight that ends the day, and the leap second (second 60
of a minute 59) is the first second after it. Staging casts the same texts to the same instants.
"""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, timedelta
from typing import Any

from ingestion.records import BadRecord

RFC3339 = re.compile(
    r"([0-9]{4})-([0-9]{2})-([0-9]{2})[Tt ]([0-9]{2}):([0-9]{2}):([0-9]{2})(\.[0-9]{1,9})?([Zz]|[+-][0-9]{2}:[0-9]{2})"
)
# Salesforce writes +0000; SuiteQL and SuiteAnalytics write no zone and may write one digit for the hour.
SPACED = re.compile(
    r"([0-9]{4})-([0-9]{2})-([0-9]{2})(?:[T ]([0-9]{1,2}):([0-9]{2})(?::([0-9]{2})(\.[0-9]{1,9})?)?)?"
    r" ?(Z|[+-][0-9]{2}:?[0-9]{2})?"
)
HOURS, MINUTES, SECONDS = 24, 60, 60
DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
# Beyond these no business record was ever made; what lies outside is a unit error (milliseconds, or a date of year 1).
FIRST = datetime(1970, 1, 1, tzinfo=UTC)
LAST = datetime(2200, 1, 1, tzinfo=UTC)


def rfc3339(text: Any) -> datetime:
    """The instant of an RFC 3339 text with its offset, in UTC, cut to microseconds. Raises BadRecord ``bad_time``."""
    found = RFC3339.fullmatch(text) if isinstance(text, str) else None
    if found is None:
        raise BadRecord("bad_time", f"{_shown(text)} is no RFC 3339 time such as 2026-10-28T09:30:00Z")
    return _instant(found, str(text))


def instant(text: Any) -> datetime:
    """As rfc3339, but also without zone (then UTC), without seconds, or a day alone. Raises BadRecord ``bad_time``."""
    found = SPACED.fullmatch(text) if isinstance(text, str) else None
    if found is None:
        raise BadRecord(
            "bad_time", f"{_shown(text)} is no time in ISO 8601 such as 2026-10-28 09:30:00; ask for ISO dates"
        )
    return _instant(found, str(text))


def epoch(value: Any) -> datetime:
    """The instant of whole seconds since 1970. Raises BadRecord ``bad_time``."""
    if not isinstance(value, int) or isinstance(value, bool) or not 0 <= value < LAST.timestamp():
        raise BadRecord("bad_time", f"{_shown(value)} is no count of seconds since 1970")
    return FIRST + timedelta(seconds=value)


def day(text: Any) -> date:
    """The calendar day of an ISO date. Raises BadRecord ``bad_date``."""
    try:
        if isinstance(text, str) and DAY.fullmatch(text):
            return date.fromisoformat(text)
    except ValueError:
        pass
    raise BadRecord("bad_date", f"{_shown(text)} is no day such as 2026-10-28")


def _instant(found: re.Match[str], text: str) -> datetime:
    year, month, of_month, *clock, zone = found.groups()
    try:
        moment = datetime(int(year), int(month), int(of_month), tzinfo=UTC) + _since_midnight(*clock) - _offset(zone)
    except (ValueError, OverflowError) as error:
        raise BadRecord("bad_time", f"{_shown(text)} is no time: {error}") from error
    if not FIRST <= moment < LAST:
        raise BadRecord("bad_time", f"{_shown(text)} lies outside 1970 to 2199")
    return moment


def _since_midnight(hour: str | None, minute: str | None, second: str | None, fraction: str | None) -> timedelta:
    hours, minutes, seconds = int(hour or 0), int(minute or 0), int(second or 0)
    microseconds = int((fraction or ".0")[1:7].ljust(6, "0"))
    ends_the_day = hours == HOURS and not (minutes or seconds or microseconds)
    is_leap_second = seconds == SECONDS and minutes == MINUTES - 1
    if not (hours < HOURS or ends_the_day) or minutes >= MINUTES or not (seconds < SECONDS or is_leap_second):
        raise ValueError("no such time of day")
    return timedelta(hours=hours, minutes=minutes, seconds=seconds, microseconds=microseconds)


def _offset(zone: str | None) -> timedelta:
    if zone is None or zone in "Zz":
        return timedelta()
    hours, minutes = int(zone[1:3]), int(zone[-2:])
    if hours >= HOURS or minutes >= MINUTES:
        raise ValueError(f"offset {zone}")
    return timedelta(hours=hours, minutes=minutes) * (-1 if zone[0] == "-" else 1)


def _shown(value: Any) -> str:
    text = repr(value)
    return text if len(text) <= 60 else text[:57] + "..."  # noqa: PLR2004  fits a line
