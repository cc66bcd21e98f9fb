"""What contracts promise: their billing periods to the end, by month, billed or not, by the SQL of the model."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from typing import Any

import psycopg
import pytest

from tests.dbt.model_queries import model_query

INPUTS = """
    create temp table int_billing__assisted_item_versions (
        subscription_item_id text, price_code text default 'plan', valid_from timestamptz, valid_to timestamptz,
        anchor_at timestamptz
    );
    create temp table int_revenue__recurring_charges (
        charge_id text, billing_system text default 'erp', subscription_item_id text, currency text default 'usd',
        period_start timestamptz, months integer, days integer, whole_amount numeric, net_part bigint, gross_part bigint
    );
    create temp table int_catalog__prices (price_code text, billing_timing text);
"""


@pytest.fixture
def session(module_warehouse: str) -> Iterator[psycopg.Connection[Any]]:
    """A session with empty inputs of the model."""
    with psycopg.connect(module_warehouse) as connection:
        connection.execute("set timezone to 'UTC'")
        connection.execute(INPUTS.encode())
        yield connection


def promised(
    session: psycopg.Connection[Any],
    start: str,
    end: str | None,
    *,
    whole: int,
    months: int = 3,
    anchor: str | None = None,
    net: tuple[int, int] = (1, 1),
    timing: str = "in_advance",
) -> list[tuple[date, date, int]]:
    """Month, day of billing and amount of an item that costs ``whole`` every ``months`` months."""
    session.execute(
        "insert into int_billing__assisted_item_versions (subscription_item_id, valid_from, valid_to, anchor_at)"
        " values ('item', %s, %s, %s)",
        (start, end, anchor or start),
    )
    session.execute(
        "insert into int_revenue__recurring_charges"
        " (charge_id, subscription_item_id, period_start, months, days, whole_amount, net_part, gross_part)"
        " values ('old', 'item', '2020-01-01', %(months)s, 0, 1, 1, 1),"
        " ('last', 'item', %(start)s, %(months)s, 0, %(whole)s, %(net)s, %(gross)s)",
        {"months": months, "start": start, "whole": whole, "net": net[0], "gross": net[1]},
    )
    session.execute("insert into int_catalog__prices values ('plan', %s)", (timing,))
    query = f"select month_on, billed_on, amount_minor from ({model_query('int_revenue__contracted_months')}) as m"
    return session.execute(f"{query} order by 1, 2".encode()).fetchall()


def day(month: int, day_of_month: int = 1, year: int = 2026) -> date:
    """A day of 2026, or of another year."""
    return date(year, month, day_of_month)


def test_every_period_up_to_the_end_is_promised_and_spread_over_its_days(session):
    assert promised(session, "2026-01-01", "2026-07-01", whole=9000) == [
        (day(1), day(1), 3100),
        (day(2), day(1), 2800),
        (day(3), day(1), 3100),
        (day(4), day(4), 2967),
        (day(5), day(4), 3066),
        (day(6), day(4), 2967),
    ]


def test_a_contract_that_ends_within_a_period_promises_the_days_of_it(session):
    # 31 of 90 days of 9000, 17 of them in January
    assert promised(session, "2026-01-15", "2026-02-15", whole=9000) == [
        (day(1), day(1, 15), 1700),
        (day(2), day(1, 15), 1400),
    ]


def test_an_item_added_later_keeps_the_periods_of_its_contract(session):
    found = promised(session, "2026-02-01", "2026-07-01", whole=9000, anchor="2026-01-01")
    assert {billed for _, billed, _ in found} == {day(2), day(4)}
    assert sum(amount for _, billed, amount in found if billed == day(2)) == 5900


def test_discount_is_taken_off_once_and_in_arrears_is_billed_at_the_end(session):
    assert promised(session, "2026-01-01", "2026-04-01", whole=1001, net=(3, 4), timing="in_arrears") == [
        (day(1), day(4), 259),
        (day(2), day(4), 233),
        (day(3), day(4), 259),
    ]


def test_a_contract_without_an_end_promises_nothing_for_sure(session):
    assert promised(session, "2026-01-01", None, whole=9000) == []
