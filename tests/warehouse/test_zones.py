"""Time zones as data: the table says of every instant what the zone database says."""

from __future__ import annotations

import zoneinfo
from datetime import datetime, timedelta
from itertools import pairwise

import psycopg
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from warehouse import zones

SECOND = timedelta(seconds=1)
# Half an hour, southern, at midnight, twice a year around Ramadan, a day that never was, and none at all.
SOME = (
    "Europe/Berlin",
    "America/New_York",
    "Australia/Lord_Howe",
    "America/Santiago",
    "America/Havana",
    "Africa/Cairo",
    "Asia/Beirut",
    "Pacific/Apia",
    "Asia/Kolkata",
    "America/St_Johns",
    "UTC",
)


@pytest.fixture(scope="module", autouse=True)
def _pinned_database():
    """Python's zones from the pinned package, not from this machine."""
    before = zoneinfo.TZPATH
    zoneinfo.reset_tzpath([])
    yield
    zoneinfo.reset_tzpath(before)


def offset(zone: zoneinfo.ZoneInfo, instant: datetime) -> int:
    return instant.astimezone(zone).utcoffset() // SECOND


def test_every_zone_has_offsets_from_the_first_instant_to_the_last_without_gap_or_overlap():
    for name in zones.names():
        found = zones.stretches(name)
        assert (found[0].from_utc, found[-1].to_utc) == (zones.FIRST, zones.END), name
        for before, after in pairwise(found):
            assert before.to_utc == after.from_utc, name
            assert before.utc_offset != after.utc_offset, name


def test_every_change_of_every_zone_is_the_one_that_python_knows_to_the_second():
    for name in zones.names():
        zone = zoneinfo.ZoneInfo.no_cache(name)
        for one in zones.stretches(name):
            assert offset(zone, one.from_utc) == one.utc_offset, (name, one)
            assert offset(zone, one.to_utc - SECOND) == one.utc_offset, (name, one)


SECONDS = (zones.END - zones.FIRST) // SECOND


@settings(max_examples=300, deadline=None)
@given(st.sampled_from(zones.names()), st.integers(0, SECONDS - 1))
def test_between_the_changes_there_is_no_other(name, seconds):
    instant = zones.FIRST + timedelta(seconds=seconds)
    (one,) = [one for one in zones.stretches(name) if one.from_utc <= instant < one.to_utc]
    assert offset(zoneinfo.ZoneInfo(name), instant) == one.utc_offset


def test_the_zones_are_those_of_the_pinned_package():
    assert set(zones.names()) == zoneinfo.available_timezones()
    with pytest.raises(KeyError):
        zones.stretches("Mars/Olympus_Mons")


def test_the_table_for_other_engines_has_the_same_rows():
    table = zones.transitions_table()
    found = [row for row in table.to_pylist() if row["zone"] == "Australia/Lord_Howe"]
    told = [(row["from_utc"], row["to_utc"], row["utc_offset"]) for row in found]
    assert told == [(one.from_utc, one.to_utc, one.utc_offset) for one in zones.stretches("Australia/Lord_Howe")]


@pytest.mark.warehouse
def test_a_migrated_warehouse_holds_the_pinned_release_and_filling_it_again_changes_nothing(warehouse):
    with psycopg.connect(warehouse, autocommit=True) as connection:
        assert connection.execute("select version from ops.tz_version").fetchall() == [(zones.VERSION,)]
        rows = connection.execute("select count(*) from ops.tz_transitions").fetchone()
        assert rows == (zones.transitions_table().num_rows,)
        assert not zones.fill(connection)


@pytest.mark.warehouse
def test_another_release_replaces_the_rows(warehouse):
    with psycopg.connect(warehouse, autocommit=True) as connection:
        before = connection.execute("select count(*) from ops.tz_transitions").fetchone()
        connection.execute("update ops.tz_version set version = '1999a'")
        connection.execute("delete from ops.tz_transitions where zone < 'B'")
        assert zones.fill(connection)
        assert connection.execute("select count(*) from ops.tz_transitions").fetchone() == before


@pytest.mark.warehouse
def test_postgres_own_conversion_agrees_around_every_change_of_recent_years(warehouse):
    # Its copy of the database is of another release, so only years that both know are asked.
    query = """
        with points as (
            select zone, point
            from ops.tz_transitions
            cross join lateral (
                values (from_utc - interval '1 second'), (from_utc), (from_utc + interval '1 hour')
            ) as points (point)
            where zone = any(%s) and from_utc >= '2010-01-01' and from_utc < '2024-01-01'
        )
        select points.zone, points.point
        from points
        inner join ops.tz_transitions as stretches
            on points.zone = stretches.zone and points.point >= stretches.from_utc and points.point < stretches.to_utc
        where
            points.point at time zone points.zone
            <> points.point at time zone 'UTC' + stretches.utc_offset * interval '1 second'
    """
    with psycopg.connect(warehouse, autocommit=True) as connection:
        (asked,) = connection.execute(
            "select count(*) from ops.tz_transitions "
            "where zone = any(%s) and from_utc between '2010-01-01' and '2024-01-01'",
            (list(SOME),),
        ).fetchone()
        assert asked > 150
        assert connection.execute(query, (list(SOME),)).fetchall() == []
