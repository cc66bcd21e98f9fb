"""Monthly recurring revenue: what runs at the end of each month, and what changed it, by the SQL of the models."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from typing import Any

import psycopg
import pytest

from tests.dbt.model_queries import model_query

INPUTS = """
    create temp table int_rating__rated_lines (
        charge_id bigint generated always as identity, basis text default 'as_invoiced',
        billing_system text default 'stripe', account_id text, subscription_id text, subscription_item_id text,
        price_code text default 'plan', line_kind text, period_start timestamptz, period_end timestamptz,
        currency text, direction integer, whole_amount_exact numeric, gross_minor bigint
    );
    create temp table int_billing__line_discounts (charge_id bigint, discount_minor bigint, percent_off numeric);
    create temp table int_billing__subscription_item_versions (
        billing_system text default 'stripe', subscription_item_id text, price_code text default 'plan',
        billing_interval text, interval_count integer
    );
    create temp table int_billing__subscriptions (
        billing_system text default 'stripe', subscription_id text, ended_at timestamptz
    );
    create temp table int_clock__as_of (as_of_at timestamptz, as_of_on date);
    insert into int_clock__as_of values ('2026-08-03', '2026-08-03');
"""
Movement = tuple[date, str, int, int, int]


@pytest.fixture
def session(module_warehouse: str) -> Iterator[psycopg.Connection[Any]]:
    """A session with empty inputs of the models, on 3 August 2026."""
    with psycopg.connect(module_warehouse) as connection:
        connection.execute("set timezone to 'UTC'")
        connection.execute(INPUTS.encode())
        yield connection


def subscribe(
    session: psycopg.Connection[Any],
    item: str = "si",
    interval: str = "month",
    count: int = 1,
    ended: str | None = None,
) -> None:
    """A subscription of one item, both of one name."""
    session.execute(
        "insert into int_billing__subscription_item_versions (subscription_item_id, billing_interval, interval_count)"
        " values (%s, %s, %s)",
        (item, interval, count),
    )
    session.execute("insert into int_billing__subscriptions (subscription_id, ended_at) values (%s, %s)", (item, ended))


def charge(
    session: psycopg.Connection[Any],
    start: str,
    end: str,
    amount: int,
    *,
    item: str = "si",
    account: str | None = "acme",
    kind: str = "recurring",
    currency: str = "usd",
    discount: int = 0,
    percent: str | None = None,
    share: int | None = None,
) -> None:
    """A charge over [start, end) whose whole period costs ``amount``, less a discount; it is itself ``share`` of it."""
    direction = -1 if kind == "proration_credit" else 1
    (number,) = session.execute(
        "insert into int_rating__rated_lines (account_id, subscription_id, subscription_item_id, line_kind,"
        " period_start, period_end, currency, direction, whole_amount_exact, gross_minor)"
        " values (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s) returning charge_id",
        (
            account,
            item,
            item,
            kind,
            start,
            end,
            currency,
            direction,
            amount,
            direction * (amount if share is None else share),
        ),
    ).fetchone() or (0,)
    if discount or percent:
        session.execute(
            "insert into int_billing__line_discounts values (%s, %s, %s)", (number, direction * discount, percent)
        )


def movements(session: psycopg.Connection[Any], customer: str = "acme", currency: str = "usd") -> list[Movement]:
    """Month, movement, opening, change and closing of a customer; every row checked to add up."""
    for model in ("int_revenue__recurring_charges", "int_revenue__recurring_values", "fct_mrr_movements"):
        session.execute(f"create temp table {model} as {model_query(model)}".encode())
    kinds = "new_minor + expansion_minor + contraction_minor + churn_minor + reactivation_minor"
    rows = session.execute(
        f"select month_on, movement, opening_minor, {kinds}, closing_minor from fct_mrr_movements"
        " where customer_id = %s and currency = %s order by month_on".encode(),
        (customer, currency),
    ).fetchall()
    assert all(opening + change == closing for _, _, opening, change, closing in rows)
    return rows


def month(number: int) -> date:
    """The first of a month of 2026."""
    return date(2026, number, 1)


def test_a_customer_comes_grows_shrinks_leaves_and_comes_back(session):
    subscribe(session, "first", ended="2026-05-15")
    charge(session, "2026-01-10", "2026-02-10", 1000, item="first")
    charge(session, "2026-02-10", "2026-03-10", 1500, item="first")
    charge(session, "2026-03-10", "2026-04-10", 1200, item="first")
    charge(session, "2026-04-10", "2026-05-10", 1200, item="first")
    charge(session, "2026-05-10", "2026-06-10", 1200, item="first")
    subscribe(session, "second")
    charge(session, "2026-07-20", "2026-08-20", 700, item="second")
    assert movements(session) == [
        (month(1), "new", 0, 1000, 1000),
        (month(2), "expansion", 1000, 500, 1500),
        (month(3), "contraction", 1500, -300, 1200),
        (month(4), "none", 1200, 0, 1200),
        (month(5), "churn", 1200, -1200, 0),
        (month(7), "reactivation", 0, 700, 700),
    ]


def test_a_year_is_twelve_months_and_a_week_seven_days_of_365(session):
    subscribe(session, "yearly", "year")
    charge(session, "2026-06-10", "2027-06-10", 120000, item="yearly", account="a")
    subscribe(session, "quarterly", "quarter")
    charge(session, "2026-06-10", "2026-09-10", 100, item="quarterly", account="b")
    subscribe(session, "weekly", "week", 2)
    charge(session, "2026-06-24", "2026-07-08", 1400, item="weekly", account="c")
    assert movements(session, "a")[0] == (month(6), "new", 0, 10000, 10000)
    values = session.execute(
        "select customer_id, month_on, monthly_minor from int_revenue__recurring_values order by 1, 2"
    )
    # 1400 x 365 / (12 x 14) = 3041.67
    assert values.fetchall() == [
        ("a", month(6), 10000),
        ("a", month(7), 10000),
        ("b", month(6), 33),
        ("b", month(7), 33),
        ("c", month(6), 3042),
    ]


def test_a_change_within_a_period_counts_with_its_whole_price_from_then_on(session):
    subscribe(session)
    charge(session, "2026-05-20", "2026-06-20", 1000)
    charge(session, "2026-06-05", "2026-06-20", 1000, kind="proration_credit")
    charge(session, "2026-06-05", "2026-06-20", 1600, kind="proration_charge")
    charge(session, "2026-06-20", "2026-07-20", 1600)
    charge(session, "2026-06-25", "2026-07-20", 1600, kind="proration_credit")
    charge(session, "2026-06-25", "2026-07-20", 2000, kind="proration_charge")
    assert movements(session)[:2] == [
        (month(5), "new", 0, 1000, 1000),
        (month(6), "expansion", 1000, 1000, 2000),
    ]


def test_a_discount_lowers_it_and_its_end_is_an_expansion(session):
    subscribe(session)
    charge(session, "2026-06-10", "2026-07-10", 1000, discount=250)
    charge(session, "2026-07-10", "2026-08-10", 1000)
    assert movements(session) == [(month(6), "new", 0, 750, 750), (month(7), "expansion", 750, 250, 1000)]


def test_a_percentage_leaves_the_same_of_a_proration_as_of_a_whole_period(session):
    subscribe(session)
    # 7.5 % of 39900 is 2992.5, which the proration rounds to 2993: 92.498 % of it would be left, and a cent would move
    charge(
        session,
        "2026-06-21",
        "2026-07-05",
        85500,
        kind="proration_credit",
        discount=2993,
        percent="7.5",
        share=39900,
    )
    charge(session, "2026-07-05", "2026-08-05", 85500, kind="proration_credit", discount=6413, percent="7.5")
    assert movements(session) == [(month(6), "new", 0, -79088, -79088), (month(7), "none", -79088, 0, -79088)]


def test_one_of_two_subscriptions_that_ends_is_a_contraction(session):
    for item, ended in (("stays", None), ("ends", "2026-07-10")):
        subscribe(session, item, ended=ended)
        charge(session, "2026-06-10", "2026-07-10", 1000, item=item)
    charge(session, "2026-07-10", "2026-08-10", 1000, item="stays")
    assert movements(session) == [(month(6), "new", 0, 2000, 2000), (month(7), "contraction", 2000, -1000, 1000)]


def test_currencies_of_a_customer_are_apart_and_a_month_that_is_not_over_does_not_count(session):
    for item, currency in (("dollars", "usd"), ("euros", "eur")):
        subscribe(session, item)
        charge(session, "2026-07-10", "2026-08-10", 1000, item=item, currency=currency)
        charge(session, "2026-08-01", "2026-09-01", 5000, item=item, currency=currency)
    assert movements(session) == [(month(7), "new", 0, 1000, 1000)]


def test_usage_and_trials_do_not_recur(session):
    subscribe(session)
    charge(session, "2026-06-10", "2026-07-10", 1000, kind="trial")
    charge(session, "2026-06-10", "2026-07-10", 900, kind="usage")
    assert movements(session) == []


def test_a_subscription_without_a_known_customer_is_a_customer_of_its_own(session):
    subscribe(session, "sub_1")
    charge(session, "2026-07-01", "2026-08-01", 1000, item="sub_1", account=None)
    assert movements(session, "sub_1") == [(month(7), "new", 0, 1000, 1000)]
