"""Two expressions of rating that everything else stands on: whole ratios, and boundaries counted from an anchor."""

from __future__ import annotations

from collections.abc import Iterator

import psycopg
import pytest

from tests.dbt.rating_macros import rating_macros


@pytest.fixture(scope="module")
def connection(module_warehouse: str) -> Iterator[psycopg.Connection]:
    """One connection for all expressions."""
    with psycopg.connect(module_warehouse, autocommit=True) as opened:
        yield opened


@pytest.mark.parametrize(
    ("numerator", "denominator", "whole"),
    [
        ("7", "2", 4),
        ("-7", "2", -4),
        ("5", "3", 2),
        ("4", "3", 1),
        ("0", "31", 0),
        ("10.5", "7", 2),
        ("1", "3000000000", 0),
    ],
)
def test_a_ratio_is_rounded_half_away_from_zero(
    connection: psycopg.Connection, numerator: str, denominator: str, whole: int
) -> None:
    """Exactly, whatever the scale of the division."""
    ratio = rating_macros().round_ratio(f"cast({numerator} as numeric)", f"cast({denominator} as numeric)")
    assert connection.execute(f"select {ratio}".encode()).fetchone() == (whole,)


@pytest.mark.parametrize(
    ("anchor", "months", "boundary"),
    [
        ("2026-01-31 13:05:00+00", 1, "2026-02-28 13:05:00+00"),
        ("2026-01-31 13:05:00+00", 2, "2026-03-31 13:05:00+00"),
        ("2027-12-31 23:59:59+00", 2, "2028-02-29 23:59:59+00"),
        ("2028-02-29 00:00:00+00", 12, "2029-02-28 00:00:00+00"),
        ("2028-02-29 00:00:00+00", 48, "2032-02-29 00:00:00+00"),
    ],
)
def test_a_boundary_is_counted_from_the_anchor_and_keeps_its_instant(
    connection: psycopg.Connection, anchor: str, months: int, boundary: str
) -> None:
    """The day is clipped to the month's last; the next boundary is not."""
    moved = rating_macros().add_months(f"timestamp with time zone '{anchor}'", months)
    row = connection.execute(f"select {moved} = timestamp with time zone '{boundary}'".encode()).fetchone()
    assert row == (True,)
