"""The comparison over generated populations: no row is lost, no order matters, every difference is accounted for."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta
from typing import Any

import psycopg
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.dbt.model_queries import expression, model_query

WATERMARK = date(2026, 11, 9)
SIDE = """
    create temp table {name} (
        tracking_key text, row_id text not null, account_id text, currency text, amount_minor bigint, quantity numeric,
        business_on date, due_on date, evidence text, price_code text, line_kind text, unit_amount_minor numeric,
        gross_minor bigint, discount_minor bigint, period_fault text
    )
"""
sides = st.lists(
    st.tuples(
        st.sampled_from(["a", "b", "c", "d", "e", None]),
        st.sampled_from(["usd", "usd", "usd", "eur"]),
        st.integers(-500, 500),
        st.integers(0, 3),
        st.integers(0, 60),
    ),
    max_size=12,
)


@pytest.fixture(scope="module")
def session(module_warehouse: str) -> Iterator[psycopg.Connection[Any]]:
    """A session with the registry and two empty sides of B1."""
    with psycopg.connect(module_warehouse) as connection:
        connection.execute(SIDE.format(name="recon_b1__expected"))
        connection.execute(SIDE.format(name="recon_b1__invoiced"))
        connection.execute(
            """
            create temp table recon_controls (
                control_id text, amount_tolerance_minor bigint, quantity_tolerance numeric, sla_business_days integer,
                compares_months boolean
            );
            insert into recon_controls values ('B1', 1, 0, 3, true);
            create temp table recon_watermarks (control_id text, watermark_on date);
            """
        )
        connection.execute("insert into recon_watermarks values ('B1', %s)", (WATERMARK,))
        yield connection


def compare(session: psycopg.Connection[Any], left: list[tuple[Any, ...]], right: list[tuple[Any, ...]]) -> list[Any]:
    """Outcomes of control B1 for two lists of (key, currency, amount, quantity, days before the watermark)."""
    for name, rows in (("recon_b1__expected", left), ("recon_b1__invoiced", right)):
        session.execute(f"truncate {name}")
        with session.cursor() as cursor:
            cursor.executemany(
                f"insert into {name}"
                " (row_id, evidence, tracking_key, currency, amount_minor, quantity, business_on, due_on)"
                " values (%s, %s, %s, %s, %s, %s, %s, %s)",
                [
                    (
                        *2 * (f"{name}-{number}",),
                        key,
                        currency,
                        amount,
                        quantity,
                        *2 * (WATERMARK - timedelta(days=age),),
                    )
                    for number, (key, currency, amount, quantity, age) in enumerate(rows)
                ],
            )
    query = f"""
        select tracking_key, outcome, break_class, status, amount_minor, left_row_count, right_row_count
        from ({model_query("recon_b1__rated_to_invoiced")}) as compared
        where tracking_key <> 'canary' order by tracking_key
    """
    return session.execute(query).fetchall()


@settings(max_examples=80, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(sides, sides)
def test_every_row_is_in_one_outcome_and_every_difference_in_one_status(session, left, right):
    rows = compare(session, left, right)
    assert sum(row[5] for row in rows) == len(left)
    assert sum(row[6] for row in rows) == len(right)
    assert len({row[0] for row in rows}) == len(rows)
    of_currency = {row[0] for row in rows if row[1] == "CURRENCY" or row[4] is None}
    in_one_currency = [row for row in rows if row[0] not in of_currency]
    several = {
        key
        for side in (left, right)
        for key in {row[0] for row in side}
        if len({row[1] for row in side if row[0] == key}) > 1
    }
    assert several - {None} <= {row[0] for row in rows if row[4] is None}
    difference = sum(row[2] for row in left if row[0] not in of_currency)
    difference -= sum(row[2] for row in right if row[0] not in of_currency)
    assert sum(row[4] for row in in_one_currency) == difference
    for key, outcome, break_class, status, amount, _, _ in rows:
        assert (status == "open") == (break_class is not None)
        assert status != "matched" or amount == 0
        assert amount is not None or outcome in {"CURRENCY", "DUPLICATE"} or key in several
        assert status != "rounding" or abs(amount) == 1
        assert (status == "expected") == outcome.startswith("TIMING")


def test_an_amount_in_no_currency_is_never_told_in_that_of_the_other_side(session):
    left = [("k", None, 500, 1, 40), ("two", None, 501, 2, 40)]
    right = [("k", "usd", 700, 1, 40), ("two", "usd", 500, 1, 40), ("two", "usd", 1, 1, 40)]
    found = {row[0]: (row[1], row[4]) for row in compare(session, left, right)}
    assert found == {"k": ("CURRENCY", -700), "two": ("DUPLICATE", None)}


@settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(sides, sides, st.randoms(use_true_random=False))
def test_the_order_of_rows_does_not_matter(session, left, right, random):
    keyed = [[row for row in side if row[0]] for side in (left, right)]
    before = compare(session, *keyed)
    for side in keyed:
        random.shuffle(side)
    assert compare(session, *keyed) == before


@settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(sides)
def test_a_population_ties_to_itself_unless_a_row_has_no_key(session, rows):
    one_currency = [(key, "usd", amount, quantity, age) for key, _, amount, quantity, age in rows]
    for key, outcome, *_ in compare(session, one_currency, one_currency):
        assert outcome == ("NULL_KEY" if key.startswith("no key|") else "MATCHED")


def add_business_days(day: date, days: int) -> date:
    """The calendar, one day at a time; a weekend counts as the Friday before it, but nothing ends before it begins."""
    start = day
    while day.isoweekday() > 5:
        day -= timedelta(days=1)
    while days:
        day += timedelta(days=1)
        days -= day.isoweekday() <= 5
    return max(day, start)


def test_business_days_are_counted_on_the_calendar(session):
    query = f"""
        select day_on, n, {expression("{{ add_business_days('day_on', 'n') }}")}
        from (
            select cast(series as date) as day_on
            from generate_series(timestamp '2026-02-20', timestamp '2026-03-10', interval '1 day') as series
        ) as days
        cross join generate_series(0, 23) as n
    """
    rows = session.execute(query).fetchall()
    assert len(rows) == 19 * 24
    for day, count, made in rows:
        assert made == add_business_days(day, count), (day, count)
