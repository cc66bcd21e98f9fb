"""Exchange rates by day: the last quote within the policy, either way round or through the euro, exactly; or none."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta
from decimal import Decimal
from fractions import Fraction
from typing import Any

import psycopg
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.dbt.model_queries import model_query

FRIDAY = date(2026, 10, 2)
LOAD = "00000000-0000-0000-0000-000000000001"
Quote = tuple[date, str, str, str]


@pytest.fixture(scope="module")
def session(module_warehouse: str) -> Iterator[psycopg.Connection[Any]]:
    """A session with empty inputs of the models."""
    with psycopg.connect(module_warehouse) as connection:
        connection.execute(
            """
            create temp table stg_fx__rates (
                rate_on date, from_currency text, to_currency text, rate numeric, is_deleted boolean,
                load_id uuid, line_no bigint
            );
            create temp table stg_ops__loads (
                load_id uuid, system text, object text, delivered_on date, file_name text
            );
            create temp table int_catalog__policies (policy text, valid_from date, valid_to date, value text);
            create temp table int_fx__needed_rates (rate_on date, from_currency text, to_currency text);
            """
        )
        connection.execute("insert into stg_ops__loads values (%s, 'fx', 'rates', '2026-10-02', 'f.csv')", (LOAD,))
        yield connection


def rate(
    session: psycopg.Connection[Any], quotes: list[Quote], needed: tuple[date, str, str], max_age: str | None = None
) -> tuple[str, str | None, Fraction | None, date | None]:
    """Status, method, rate and day of the quote for one need."""
    session.execute("truncate stg_fx__rates, int_catalog__policies, int_fx__needed_rates")
    for line, quote in enumerate(quotes, start=1):
        session.execute("insert into stg_fx__rates values (%s, %s, %s, %s, false, %s, %s)", (*quote, LOAD, line))
    if max_age is not None:
        session.execute(
            "insert into int_catalog__policies values ('fx_max_age_days', '2020-01-01', null, %s)", (max_age,)
        )
    session.execute("insert into int_fx__needed_rates values (%s, %s, %s)", needed)
    for model in ("int_fx__quotes", "int_fx__quote_spans", "int_fx__daily_rates"):
        session.execute(f"drop table if exists pg_temp.{model}".encode())
        session.execute(f"create temp table {model} as {model_query(model)}".encode())
    query = "select status, method, rate_numerator, rate_denominator, quoted_on from int_fx__daily_rates"
    ((status, method, numerator, denominator, quoted_on),) = session.execute(query).fetchall()
    found = None if numerator is None else Fraction(Decimal(numerator)) / Fraction(Decimal(denominator))
    return status, method, found, quoted_on


def after(days: int) -> date:
    """A day after Friday."""
    return FRIDAY + timedelta(days=days)


EURO: list[Quote] = [(FRIDAY, "eur", "usd", "1.0850"), (FRIDAY, "eur", "jpy", "162.10")]


@pytest.mark.parametrize(
    ("needed", "expected"),
    [
        ((FRIDAY, "eur", "usd"), ("quoted", "published", Fraction(10850, 10000), FRIDAY)),
        ((FRIDAY, "usd", "eur"), ("quoted", "inverse", Fraction(10000, 10850), FRIDAY)),
        ((FRIDAY, "usd", "jpy"), ("quoted", "cross", Fraction(16210, 100) / Fraction(10850, 10000), FRIDAY)),
        ((after(1), "eur", "usd"), ("carried", "published", Fraction(10850, 10000), FRIDAY)),
        ((after(2), "jpy", "usd"), ("carried", "cross", Fraction(10850, 10000) / Fraction(16210, 100), FRIDAY)),
        ((after(7), "usd", "eur"), ("carried", "inverse", Fraction(10000, 10850), FRIDAY)),
        ((after(8), "usd", "eur"), ("missing", None, None, None)),
        ((after(8), "usd", "jpy"), ("missing", None, None, None)),
        ((after(-1), "eur", "usd"), ("missing", None, None, None)),
        ((FRIDAY, "eur", "gbp"), ("missing", None, None, None)),
        ((FRIDAY, "gbp", "usd"), ("missing", None, None, None)),
    ],
)
def test_weekends_and_holidays_carry_the_last_quote_for_a_week_and_then_there_is_none(session, needed, expected):
    assert rate(session, EURO, needed) == expected


@pytest.mark.parametrize(
    ("max_age", "status"), [("0", "missing"), ("2", "missing"), ("3", "carried"), ("30", "carried")]
)
def test_how_long_a_quote_is_carried_is_policy(session, max_age, status):
    assert rate(session, EURO, (after(3), "usd", "eur"), max_age)[0] == status


def test_a_newer_quote_ends_the_one_before_it(session):
    quotes = [*EURO, (after(3), "eur", "usd", "1.09")]
    assert rate(session, quotes, (after(2), "eur", "usd"))[2] == Fraction(10850, 10000)
    assert rate(session, quotes, (after(3), "eur", "usd")) == ("quoted", "published", Fraction(109, 100), after(3))


def test_what_was_published_goes_before_its_inverse_and_both_before_a_cross(session):
    quotes: list[Quote] = [*EURO, (FRIDAY, "usd", "eur", "0.92"), (FRIDAY, "jpy", "usd", "0.0067")]
    assert rate(session, quotes, (FRIDAY, "usd", "eur"))[1:3] == ("published", Fraction(92, 100))
    assert rate(session, quotes, (FRIDAY, "usd", "jpy"))[1:3] == ("inverse", Fraction(10000, 67))


def test_a_rate_of_zero_or_less_is_none(session):
    for bad in ("0", "-1.08"):
        assert rate(session, [(FRIDAY, "eur", "usd", bad)], (FRIDAY, "usd", "eur"))[0] == "missing"


def test_a_cross_is_as_old_as_its_older_half(session):
    quotes: list[Quote] = [(FRIDAY, "eur", "usd", "1.1"), (after(3), "eur", "jpy", "160")]
    assert rate(session, quotes, (after(3), "usd", "jpy")) == ("carried", "cross", Fraction(1600, 11), FRIDAY)


RATES = st.decimals("0.0001", "99999.9999", places=4)


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(dollar=RATES, yen=RATES, age=st.integers(0, 12))
def test_no_rate_is_ever_rounded(session, dollar, yen, age):
    quotes: list[Quote] = [(FRIDAY, "eur", "usd", str(dollar)), (FRIDAY, "eur", "jpy", str(yen))]
    there = rate(session, quotes, (after(age), "usd", "jpy"))[2]
    back = rate(session, quotes, (after(age), "jpy", "usd"))[2]
    if age > 7:
        assert (there, back) == (None, None)
    else:
        assert there == Fraction(yen) / Fraction(dollar)
        assert back is not None
        assert there * back == 1
