"""The books in the reporting currency: worked cases of foreign currency through the models of the ledger."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import psycopg
import pytest

from tests.conformance import revrec_generated, revrec_oracle
from tests.dbt.model_queries import model_query

FOLDER = Path(__file__).resolve().parents[1] / "conformance" / "revrec"
FILES = [FOLDER / "published_cases.jsonl", FOLDER / "own_cases_models.jsonl"]
GENERATED = 16
TABLES = """
    create temp table int_ledger__invoices (
        ledger_invoice_id text, invoice_id text, account_id text, billed_on date, currency text, net_minor bigint,
        tax_minor bigint, balance_applied_minor bigint
    );
    create temp table int_ledger__lines (
        ledger_invoice_id text, ledger_line_id text, line_no bigint, invoice_id text, invoice_line_id text,
        account_id text, period_start timestamp with time zone, period_end timestamp with time zone,
        billed_on date, dated_on date, currency text, net_minor bigint, tax_minor bigint,
        is_accrued_before_billing boolean, is_accrued_in_own_month boolean
    );
    create temp table int_ledger__events (
        event_id text, event_type text, ledger_invoice_id text, event_on date, event_no bigint, currency text,
        amount_minor bigint, fee_minor bigint default 0, refund_minor bigint default 0,
        to_balance_minor bigint default 0, out_of_band_minor bigint default 0,
        is_out_of_band boolean default false, is_reinstated boolean default false, reverses_event_id text
    );
    create temp table int_revenue__schedules (
        billing_system text, invoice_line_id text, earned_from_on date, earned_until_on date, amount_minor bigint
    );
    create temp table int_revenue__recognisable_lines (
        billing_system text, invoice_line_id text, recognition_method text, granularity text
    );
    create temp table int_catalog__policies (policy text, valid_from date, valid_to date, value text);
    create temp table int_fx__daily_rates (
        rate_on date, from_currency text, to_currency text, status text, rate_numerator numeric,
        rate_denominator numeric
    );
    create temp table int_clock__as_of (as_of_on date)
"""
MODELS = (
    "int_ledger__plan_pieces",
    "int_ledger__functional_lines",
    "int_ledger__functional_pieces",
    "int_ledger__functional_events",
    "int_ledger__unconverted",
    "int_ledger__transaction_entries",
    "int_ledger__functional_entries",
    "int_ledger__remeasurements",
    "int_ledger__entries",
)
MOVEMENTS = """
    select to_char(original_period, 'YYYY-MM'), account, sum(functional_minor)
    from int_ledger__entries
    group by 1, 2
    having sum(functional_minor) <> 0
"""
UNBALANCED = """
    select entry_key, sum(amount_minor), sum(functional_minor)
    from int_ledger__entries
    group by entry_key, currency, functional_currency
    having sum(amount_minor) <> 0 or sum(functional_minor) <> 0
"""


def month_end(month: str) -> date:
    """The last day of a month."""
    return date.fromisoformat(f"{revrec_oracle.next_month(month)}-01") - timedelta(days=1)


def rates_of(inputs: dict[str, Any]) -> dict[date, str] | None:
    """Rates by day; None where a day would have two, or one that the case does not remeasure at."""
    rates = {month_end(month): rate for month, rate in inputs.get("month_end_rates", {}).items()}
    for event in inputs["events"]:
        day = date.fromisoformat(event["date"])
        if rates.setdefault(day, event["rate"]) != event["rate"] or (
            day == month_end(event["date"][:7]) and event["date"][:7] not in inputs.get("month_end_rates", {})
        ):
            return None
    return rates


def worked_cases() -> list[dict[str, Any]]:
    """Cases of one invoice whose rates are those of days."""
    cases = [json.loads(line) for file in FILES for line in file.read_text("utf-8").splitlines()]
    for seed in range(GENERATED):
        inputs = revrec_generated.inputs_of("fx", seed)
        expected = revrec_oracle.outputs_of(inputs)
        cases.append({"id": f"generated-{seed}", "inputs": inputs, "expected": expected})
    return [case for case in cases if case["inputs"]["model"] == "fx" and rates_of(case["inputs"]) is not None]


CASES = worked_cases()


@pytest.fixture(scope="module")
def session(module_warehouse: str) -> Iterator[psycopg.Connection[Any]]:
    """A session with empty inputs of the models."""
    with psycopg.connect(module_warehouse, autocommit=True) as connection:
        connection.execute("set timezone to 'UTC'")
        connection.execute("set client_min_messages to warning")
        connection.execute(TABLES.encode())
        yield connection


def insert(session: psycopg.Connection[Any], table: str, **values: Any) -> None:
    """One row."""
    names = ", ".join(values)
    places = ", ".join(["%s"] * len(values))
    session.execute(f"insert into {table} ({names}) values ({places})".encode(), list(values.values()))


def deliver(session: psycopg.Connection[Any], inputs: dict[str, Any], rates: dict[date, str]) -> None:
    """The facts of a case as the tables that the models read."""
    tables = [line.split()[3] for line in TABLES.splitlines() if "create temp table" in line]
    session.execute(f"truncate {', '.join(tables)}".encode())
    currency, functional = inputs["currency"].lower(), inputs["functional"].lower()
    insert(session, "int_catalog__policies", policy="reporting_currency", valid_from=date(2000, 1, 1), value=functional)
    insert(session, "int_clock__as_of", as_of_on=date(2027, 1, 1))
    for day, rate in rates.items():
        insert(
            session,
            "int_fx__daily_rates",
            rate_on=day,
            from_currency=currency,
            to_currency=functional,
            status="quoted",
            rate_numerator=rate,
            rate_denominator=1,
        )
    invoice, *events = sorted(inputs["events"], key=lambda event: event["type"] != "invoice")
    ids = {"ledger_invoice_id": "s|i", "invoice_id": "i", "account_id": "a", "currency": currency}
    amounts = {"net_minor": invoice["amount"], "tax_minor": 0, "billed_on": invoice["date"]}
    insert(session, "int_ledger__invoices", **ids, **amounts, balance_applied_minor=0)
    insert(
        session,
        "int_ledger__lines",
        **ids,
        **amounts,
        ledger_line_id="s|l",
        line_no=1,
        invoice_line_id="l",
        period_start=invoice.get("service_start"),
        period_end=invoice.get("service_end"),
        dated_on=invoice["date"],
        is_accrued_before_billing=False,
        is_accrued_in_own_month=False,
    )
    for number, event in enumerate(events):
        insert(
            session,
            "int_ledger__events",
            event_id=f"s|e{number}",
            event_type=event["type"],
            ledger_invoice_id="s|i",
            event_on=event["date"],
            event_no=number,
            currency=currency,
            amount_minor=event["amount"],
        )


def build(session: psycopg.Connection[Any]) -> None:
    """The models over what is delivered."""
    for model in MODELS:
        session.execute(f"drop table if exists pg_temp.{model}".encode())
        session.execute(f"create temp table {model} as {model_query(model)}".encode())


@pytest.mark.parametrize("case", CASES, ids=lambda case: case["id"])
def test_the_books_in_the_reporting_currency_are_those_of_the_case(
    session: psycopg.Connection[Any], case: dict[str, Any]
) -> None:
    """Every month and account, and every entry balances in both currencies."""
    inputs = case["inputs"]
    deliver(session, inputs, rates_of(inputs) or {})
    build(session)
    made: dict[str, dict[str, int]] = defaultdict(dict)
    for month, account, amount in session.execute(MOVEMENTS).fetchall():
        if month <= inputs.get("through", "9999-12"):
            made[month][account] = int(amount)
    assert made == case["expected"]["movements"]
    assert session.execute(UNBALANCED).fetchall() == []
    assert session.execute("select * from int_ledger__unconverted").fetchall() == []


def test_an_invoice_without_a_rate_is_on_no_entry_and_listed(session: psycopg.Connection[Any]) -> None:
    """Neither at a rate of one nor at that of another day; once there is a rate it is booked."""
    inputs = next(case["inputs"] for case in CASES if case["id"] == "fx-02")
    rates = rates_of(inputs) or {}
    deliver(session, inputs, {day: rate for day, rate in rates.items() if day != date(2019, 2, 1)})
    build(session)
    assert session.execute("select count(*) from int_ledger__entries").fetchone() == (0,)
    listed = session.execute("select ledger_invoice_id, rate_on, currency from int_ledger__unconverted").fetchall()
    assert listed == [("s|i", date(2019, 2, 1), "eur")]


def test_what_is_in_the_reporting_currency_is_booked_as_it_is(session: psycopg.Connection[Any]) -> None:
    """Both amounts are the same, and nothing is realised or remeasured."""
    inputs = next(case["inputs"] for case in CASES if case["id"] == "fx-09")
    deliver(session, {**inputs, "functional": inputs["currency"]}, {})
    build(session)
    (rows, different) = session.execute(
        "select count(*), count(*) filter (where amount_minor <> functional_minor) from int_ledger__entries"
    ).fetchone() or (0, 0)
    assert rows > 0
    assert different == 0
