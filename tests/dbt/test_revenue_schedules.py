"""Revenue schedules over generated lines, and over the worked cases when they stand beside the repository."""

from __future__ import annotations

import json
import os
from collections import defaultdict
from collections.abc import Iterable, Iterator
from datetime import date, timedelta
from fractions import Fraction
from pathlib import Path
from typing import Any

import psycopg
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.dbt.model_queries import model_query

CASES = Path(os.environ.get("TIEOUT_CASES", Path(__file__).resolve().parents[2].parent / "shared" / "cases"))
Line = tuple[str, int, date, date]
Months = dict[tuple[str, date], int]

lines_of_service = st.lists(
    st.builds(
        lambda amount, start, days: (amount, start, start + timedelta(days=days)),
        st.integers(-(10**12), 10**12) | st.integers(-40, 40),
        st.dates(date(2020, 1, 1), date(2030, 12, 31)),
        st.integers(1, 1200),
    ),
    min_size=1,
    max_size=40,
)


@pytest.fixture(scope="module")
def session(module_warehouse: str) -> Iterator[psycopg.Connection[Any]]:
    """A session with empty inputs of the schedule models."""
    with psycopg.connect(module_warehouse) as connection:
        connection.execute(
            """
            create temp table int_revenue__recognisable_lines (
                invoice_line_id text, recognition_method text, net_minor bigint,
                service_start_on date, service_end_on date,
                period_start timestamp with time zone, period_end timestamp with time zone,
                granularity text default 'daily', leftover_units text default 'largest_remainder'
            );
            create temp table int_revenue__usage_value_to_date (
                invoice_line_id text, month_on date, net_minor bigint, value_to_date_minor bigint
            );
            create temp table int_revenue__schedules (
                invoice_line_id text, month_on date, currency text, recognition_method text, amount_minor bigint,
                account_id text, meter_code text, earned_from_on date, earned_until_on date
            );
            create temp table int_usage__daily (account_id text, meter_code text, usage_on date, quantity numeric);
            """
        )
        yield connection


def straight_line(session: psycopg.Connection[Any], lines: Iterable[Line]) -> Months:
    """What the model makes of lines (id, net, start, end): amount by line and month."""
    session.execute("truncate int_revenue__recognisable_lines")
    with session.cursor() as cursor:
        cursor.executemany(
            "insert into int_revenue__recognisable_lines values (%s, 'straight_line', %s, %s, %s)", list(lines)
        )
    rows = session.execute(model_query("int_revenue__straight_line_months")).fetchall()
    return {(line, month): amount for line, month, _, _, amount in rows}


def expected_months(amount: int, start: date, end: date) -> dict[date, int]:
    """The rule in plain words: floor every month's share of the magnitude, the rest goes to the largest remainders."""
    days: dict[date, int] = defaultdict(int)
    day = start
    while day < end:
        following = min(end, (day.replace(day=1) + timedelta(days=32)).replace(day=1))
        days[day.replace(day=1)] += (following - day).days
        day = following
    shares = {month: Fraction(abs(amount) * count, (end - start).days) for month, count in days.items()}
    units = {month: int(share) for month, share in shares.items()}
    order = sorted(shares, key=lambda month: (-(shares[month] - units[month]), month))
    for month in order[: abs(amount) - sum(units.values())]:
        units[month] += 1
    return {month: unit if amount >= 0 else -unit for month, unit in units.items()}


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(lines_of_service)
def test_a_schedule_is_the_largest_remainder_of_its_days(session, lines):
    made = straight_line(session, [(str(number), *line) for number, line in enumerate(lines)])
    wanted = {
        (str(number), month): amount
        for number, line in enumerate(lines)
        for month, amount in expected_months(*line).items()
    }
    assert made == wanted


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.integers(-(10**9), 10**9),
    st.lists(st.integers(0, 10**9), min_size=1, max_size=6),
)
def test_usage_months_sum_to_the_line_whatever_the_value_to_date(session, net, values):
    session.execute("truncate int_revenue__usage_value_to_date")
    with session.cursor() as cursor:
        cursor.executemany(
            "insert into int_revenue__usage_value_to_date values ('line', %s, %s, %s)",
            [(date(2026, month, 1), net, value) for month, value in enumerate(values, start=1)],
        )
    rows = session.execute(model_query("int_revenue__usage_months")).fetchall()
    assert sum(amount for _, _, amount in rows) == net
    assert len(rows) == len(values)


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.integers(-(10**9), 10**9),
    st.integers(1, 31),
    st.lists(st.tuples(st.integers(0, 30), st.decimals(0, 10**6, places=6)), max_size=10, unique_by=lambda day: day[0]),
    st.sampled_from(["straight_line", "usage"]),
)
def test_the_days_of_a_month_sum_to_it(session, amount, days, usage, method):
    start = date(2026, 10, 1)
    session.execute("truncate int_revenue__schedules, int_usage__daily")
    session.execute(
        "insert into int_revenue__schedules values ('line', %s, 'usd', %s, %s, 'account', 'meter', %s, %s)",
        (start, method, amount, start, start + timedelta(days=days)),
    )
    with session.cursor() as cursor:
        cursor.executemany(
            "insert into int_usage__daily values ('account', 'meter', %s, %s)",
            [(start + timedelta(days=day), quantity) for day, quantity in usage],
        )
    query = f"select count(*), sum(amount_minor) from ({model_query('int_revenue__schedules_daily')}) as daily"
    assert session.execute(query).fetchone() == (days, amount)


def invoiced_lines(case: dict[str, Any]) -> list[dict[str, Any]]:
    """The lines of a case that is nothing but invoices (paid or not) raised before their service; else none."""
    events = case["inputs"].get("events", [])
    if case["inputs"]["model"] != "subledger" or {event["type"] for event in events} - {"invoice", "payment"}:
        return []
    lines = [
        line | {"date": event["date"]} for event in events if event["type"] == "invoice" for line in event["lines"]
    ]
    dated = all("service_start" in line and "service_end" in line for line in lines)
    return lines if dated and all(line["date"] <= line["service_start"] for line in lines) else []


def test_the_worked_cases_of_invoices_agree(session):
    file = CASES / "revrec" / "cases.jsonl"
    if not file.exists():
        pytest.skip("the worked cases are not beside the repository")
    checked = 0
    for text in file.read_text("utf-8").splitlines():
        case = json.loads(text)
        lines = invoiced_lines(case)
        if not lines:
            continue
        made: dict[str, int] = defaultdict(int)
        dated = [
            (
                str(number),
                line["amount"],
                date.fromisoformat(line["service_start"]),
                date.fromisoformat(line["service_end"]),
            )
            for number, line in enumerate(lines)
        ]
        for (_, month), amount in straight_line(session, dated).items():
            made[f"{month:%Y-%m}"] += amount
        through = case["inputs"].get("through", "9999-12")
        wanted = {
            month: -accounts["revenue"]
            for month, accounts in case["expected"]["movements"].items()
            if accounts.get("revenue")
        }
        assert {month: amount for month, amount in made.items() if amount and month <= through} == wanted, case["id"]
        checked += 1
    assert checked >= 8
