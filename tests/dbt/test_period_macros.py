"""Billing periods, run by Postgres on random dates and compared with a calendar counted by hand."""

from __future__ import annotations

import calendar
import random
from collections.abc import Iterator, Sequence
from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import psycopg
import pytest

from tests.dbt.rating_macros import rating_macros

ROWS = 400
INTERVALS = {"month": 1, "quarter": 3, "semiannual": 6, "half_year": 6, "year": 12}
ZONES = ("UTC", "America/New_York", "Europe/Paris", "Asia/Kathmandu", "Australia/Lord_Howe", "America/St_Johns")


@pytest.fixture(scope="module")
def connection(module_warehouse: str) -> Iterator[psycopg.Connection]:
    """One connection for all statements."""
    with psycopg.connect(module_warehouse, autocommit=True) as opened:
        opened.execute("set timezone to 'UTC'")
        yield opened


def answers(connection: psycopg.Connection, expression: str, columns: str, rows: Sequence[Sequence[Any]]) -> list[Any]:
    """Value of an expression for each row; `columns` names and types them: 'start date, months int'."""
    names = ", ".join(column.split()[0] for column in columns.split(", "))
    arrays = ", ".join(f"%s::{column.split()[1]}[]" for column in columns.split(", "))
    statement = f"select {expression} from unnest({arrays}) with ordinality as given ({names}, place) order by place"
    found = connection.execute(statement.encode(), [list(column) for column in zip(*rows, strict=True)]).fetchall()
    return [value for (value,) in found]


def chance_of(name: str) -> random.Random:
    """The same numbers at every run."""
    return random.Random(name)  # noqa: S311  repeatable, no secret


def any_date(chance: random.Random) -> date:
    """Month ends and leap days more often than their share."""
    found = date(2019, 1, 1) + timedelta(days=chance.randrange(4000))
    if chance.random() < 0.4:
        found = found.replace(day=calendar.monthrange(found.year, found.month)[1])
    return found


def moved(start: date, anchor_day: int, months: int) -> date:
    """The anchor's day, clipped, so many months after the month of `start`."""
    year, month = divmod(start.year * 12 + start.month - 1 + months, 12)
    return date(year, month + 1, min(anchor_day, calendar.monthrange(year, month + 1)[1]))


def boundary(anchor: date, anchor_day: int, months: int, days: int, steps: int) -> date:
    """Boundary number `steps` of an interval of months or of days."""
    return moved(anchor, anchor_day, months * steps) if months else anchor + timedelta(days=days * steps)


def test_a_period_holds_its_date_and_begins_at_a_boundary_counted_from_the_anchor(
    connection: psycopg.Connection,
) -> None:
    """Before the anchor as well as after it, for months and for days."""
    chance = chance_of("index")
    rows = []
    for place in range(ROWS):
        anchor = any_date(chance)
        months, days = (0, chance.choice([1, 7, 14, 30])) if place % 3 == 0 else (chance.choice([1, 3, 6, 12, 24]), 0)
        rows.append((anchor, anchor.day, months, days, any_date(chance)))
    columns = "anchor date, anchor_day int, months int, days int, at date"
    found = answers(
        connection, rating_macros().interval_index(*[one.split()[0] for one in columns.split(", ")]), columns, rows
    )
    for (*period, at), index in zip(rows, found, strict=True):
        assert boundary(*period, int(index)) <= at < boundary(*period, int(index) + 1), (period, at, index)


def test_the_period_of_an_instant_keeps_the_time_of_day_of_its_anchor(connection: psycopg.Connection) -> None:
    """A subscription that starts at 13:05 has periods that start at 13:05; the boundary belongs to the next period."""
    chance = chance_of("instants")
    rows = []
    for place in range(ROWS):
        anchor = datetime.combine(any_date(chance), datetime.min.time(), UTC) + timedelta(
            seconds=chance.randrange(86400)
        )
        months, days = (0, chance.choice([1, 7])) if place % 3 == 0 else (chance.choice([1, 3, 12]), 0)
        at = datetime.combine(any_date(chance), datetime.min.time(), UTC) + timedelta(seconds=chance.randrange(86400))
        if place % 5 == 0:
            on_time = boundary(anchor.date(), anchor.day, months, days, chance.randint(-20, 20))
            at = datetime.combine(on_time, anchor.timetz())
        rows.append((anchor, months, days, at))
    index = rating_macros().interval_index_at("anchor_at", "months", "days", "at")
    found = answers(connection, index, "anchor_at timestamptz, months int, days int, at timestamptz", rows)
    for (anchor, months, days, at), number in zip(rows, found, strict=True):
        edges = [
            datetime.combine(boundary(anchor.date(), anchor.day, months, days, int(number) + step), anchor.timetz())
            for step in (0, 1)
        ]
        assert edges[0] <= at < edges[1], (anchor, months, days, at, number)


def test_the_first_anchor_date_is_on_or_after_the_start_and_less_than_an_interval_away(
    connection: psycopg.Connection,
) -> None:
    """On the anchor's day, clipped to the month."""
    chance = chance_of("first")
    rows = [(any_date(chance), chance.randint(1, 31), chance.choice([1, 3, 6, 12])) for _ in range(ROWS)]
    expression = rating_macros().first_anchor_date("start", "anchor_day", "months", "0")
    found = answers(connection, expression, "start date, anchor_day int, months int", rows)
    for (start, anchor_day, months), first in zip(rows, found, strict=True):
        wanted = moved(start, anchor_day, 0)
        assert first == (wanted if wanted >= start else moved(start, anchor_day, months)), (start, anchor_day, months)


def test_a_calendar_unit_starts_on_its_first_day_and_ends_where_the_next_one_starts(
    connection: psycopg.Connection,
) -> None:
    """Weeks start on Mondays; quarters and half years in January."""
    chance = chance_of("calendar")
    units = ("day", "week", *INTERVALS)
    rows = [(any_date(chance), chance.choice(units)) for _ in range(ROWS)]
    macros = rating_macros()
    starts = answers(connection, macros.calendar_start("at", "unit"), "at date, unit text", rows)
    ends = answers(
        connection,
        macros.calendar_end("at", "unit"),
        "at date, unit text",
        [(start, unit) for start, (_, unit) in zip(starts, rows, strict=True)],
    )
    for (at, unit), start, end in zip(rows, starts, ends, strict=True):
        assert start <= at < end
        if unit in INTERVALS:
            assert (start.day, (start.month - 1) % INTERVALS[unit], end) == (1, 0, moved(start, 1, INTERVALS[unit]))
        else:
            assert (end - start).days == {"day": 1, "week": 7}[unit]
            assert unit == "day" or start.isoweekday() == 1


def test_a_local_day_begins_when_its_clocks_say_so_also_when_they_change(connection: psycopg.Connection) -> None:
    """The first instant of the date: its local date is the day, that of the second before is not."""
    chance = chance_of("zones")
    rows = [(any_date(chance), chance.choice(ZONES)) for _ in range(ROWS)]
    rows += [(date(2026, month, day), zone) for zone in ZONES for month in (3, 4, 10, 11) for day in range(1, 31)]
    found = answers(connection, rating_macros().start_of_local_day("day_on", "zone"), "day_on date, zone text", rows)
    for (day, zone), start in zip(rows, found, strict=True):
        assert start.astimezone(ZoneInfo(zone)).date() == day
        assert (start - timedelta(seconds=1)).astimezone(ZoneInfo(zone)).date() == day - timedelta(days=1)


@pytest.mark.parametrize(
    ("start", "end", "fixed_days", "days"),
    [
        ("2024-02-23", "2024-03-15", 30, 22),  # 21 days, February lacks one of thirty
        ("2023-01-31", "2023-02-01", 30, 0),  # the 31st is no day of a month of thirty
        ("2023-05-15", "2023-05-23", 30, 8),
        ("2023-05-15", "2023-05-23", None, 8),
        ("2023-12-31", "2024-01-31", 30, 30),
    ],
)
def test_days_of_fixed_months(connection: psycopg.Connection, start: str, end: str, fixed_days: int, days: int) -> None:
    """Only a span across the end of a month is corrected."""
    expression = rating_macros().fixed_month_days("start", "stop", "fixed_days")
    assert answers(connection, expression, "start date, stop date, fixed_days int", [(start, end, fixed_days)]) == [
        days
    ]
