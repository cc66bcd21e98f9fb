"""The subledger's SQL against the same rules in a loop over events, on generated invoices."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterator
from datetime import date, timedelta
from typing import Any

import psycopg
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.conformance.subledger_oracle import Movements, movements_of
from tests.dbt.model_queries import expression

START = date(2023, 11, 10)
ENTRIES = expression("{{ case_entries('given') }}")

amounts = st.integers(1, 60) | st.integers(1, 40_000) | st.integers(1, 10**11)
days = st.integers(0, 150)


@st.composite
def services(draw: st.DrawFn, billed: date) -> dict[str, Any]:
    """Days of service, perhaps before the invoice or after it; sometimes none."""
    if draw(st.integers(0, 6)) == 0:
        return {}
    start = billed + timedelta(days=draw(st.integers(-70, 40)))
    length = draw(st.integers(1, 20) | st.integers(20, 400))
    end = start + timedelta(days=length)
    if draw(st.booleans()):
        return {"service_start": f"{start}", "service_end": f"{end}"}
    return {"service_start": f"{start}", "service_end_inclusive": f"{end - timedelta(days=1)}"}


@st.composite
def lines_of(draw: st.DrawFn, billed: date) -> list[dict[str, Any]]:
    """One to three lines; a later one may be a credit."""
    lines = []
    for number in range(draw(st.integers(1, 3))):
        amount = draw(amounts) * (draw(st.sampled_from([1, 1, -1])) if number else 1)
        line = {"id": f"L{number}", "amount": amount, **draw(services(billed))}
        if draw(st.booleans()):
            line["tax"] = abs(amount) // draw(st.integers(4, 20)) * (1 if amount > 0 else -1)
        lines.append(line)
    return lines


@st.composite
def events_after(draw: st.DrawFn, billed: date, total: int) -> list[dict[str, Any]]:
    """What happens to an invoice, in any order."""
    events: list[dict[str, Any]] = []
    day = billed
    for _ in range(draw(st.integers(0, 5))):
        day += timedelta(days=draw(days) // draw(st.integers(1, 5)))
        kind = draw(
            st.sampled_from(
                [
                    "payment",
                    "payment",
                    "refund",
                    "refund",
                    "dispute",
                    "dispute_won",
                    "dispute_lost",
                    "void",
                    "uncollectible",
                    "credit_note",
                    "credit_note",
                    "credit_note_void",
                    "terminate",
                ]
            )
        )
        event: dict[str, Any] = {"type": kind, "invoice": "I1", "date": f"{day}"}
        if kind in {"payment", "refund", "dispute", "dispute_won", "credit_note"}:
            event["amount"] = draw(st.just(max(total, 1)) | st.integers(1, max(total, 2)))
        if kind in {"payment", "refund", "dispute", "dispute_lost"} and draw(st.booleans()):
            event["fee"] = draw(st.integers(1, 1500))
        if kind == "payment" and draw(st.integers(0, 4)) == 0:
            event["out_of_band"] = True
        if kind == "dispute_won" and draw(st.booleans()):
            event["policy"] = "reinstate"
        if kind == "credit_note":
            left = event["amount"]
            for part in ("refund", "to_balance", "out_of_band"):
                if draw(st.booleans()):
                    event[part] = draw(st.integers(0, left))
                    left -= event[part]
        events.append(event)
    return events


@st.composite
def cases(draw: st.DrawFn) -> dict[str, Any]:
    """A case: an invoice with what happens to it, and sometimes items and usage that come before it."""
    billed = START + timedelta(days=draw(days))
    lines = draw(lines_of(billed))
    before: list[dict[str, Any]] = []
    if draw(st.integers(0, 3)) == 0:
        dated = billed - timedelta(days=draw(st.integers(0, 60)))
        item = {
            "type": "unbilled_item",
            "id": "U1",
            "date": f"{dated}",
            "amount": draw(amounts),
            **draw(services(dated)),
        }
        before.append(item)
        if draw(st.booleans()):
            lines.append({"id": "item", "bills_item": "U1", "tax": draw(st.integers(0, 20))})
    if draw(st.integers(0, 3)) == 0:
        used = draw(st.lists(st.tuples(st.integers(-50, 20), amounts), min_size=1, max_size=4))
        before += [
            {"type": "usage", "meter": "api", "date": f"{billed + timedelta(days=day)}", "amount": amount}
            for day, amount in used
        ]
        lines.append({"id": "usage", "bills_meter": "api"})
    total = sum(line.get("amount", 0) + line.get("tax", 0) for line in lines)
    invoice: dict[str, Any] = {"type": "invoice", "id": "I1", "date": f"{billed}", "lines": lines}
    if draw(st.integers(0, 4)) == 0:
        invoice["credit_balance_applied"] = draw(st.integers(-500, max(total, 0)))
    events = [*before, invoice, *draw(events_after(billed, total))]
    policy = draw(st.sampled_from(["catch_up", "accrue_unbilled"]))
    return {"events": events, "late_billing": policy}


@pytest.fixture(scope="module")
def session(module_warehouse: str) -> Iterator[psycopg.Connection[Any]]:
    """A session with an empty relation of events."""
    with psycopg.connect(module_warehouse) as connection:
        connection.execute("create temp table given (run_id text, position bigint, event jsonb, late_billing text)")
        yield connection


def movements_in_sql(session: psycopg.Connection[Any], given_cases: list[dict[str, Any]]) -> list[Movements]:
    """What the macros make of cases: movements by month and account, one a case."""
    session.execute("truncate given")
    with session.cursor() as cursor:
        cursor.executemany(
            "insert into given values (%s, %s, %s, %s)",
            [
                (str(number), position, json.dumps(event), case.get("late_billing"))
                for number, case in enumerate(given_cases)
                for position, event in enumerate(case["events"])
            ],
        )
    rows = session.execute(
        f"""
        select run_id, month, account, sum(amount) from ({ENTRIES}) as entries
        group by 1, 2, 3
        having sum(amount) <> 0
        """
    ).fetchall()
    made: dict[str, dict[str, dict[str, int]]] = defaultdict(lambda: defaultdict(dict))
    for run, month, account, amount in rows:
        made[run][month][account] = int(amount)
    return [dict(made[str(number)]) for number in range(len(given_cases))]


@settings(max_examples=25, deadline=None, suppress_health_check=list(HealthCheck))
@given(st.lists(cases(), min_size=1, max_size=30))
def test_any_history_of_an_invoice_books_what_the_rules_say(session, given_cases):
    made = movements_in_sql(session, given_cases)
    for case, movements in zip(given_cases, made, strict=True):
        assert movements == movements_of(case), case


def test_a_refund_balances_where_an_untaxed_credit_outweighs_a_taxed_charge(session):
    lines = [{"id": "L0", "amount": 2268, "tax": 567}, {"id": "L1", "amount": -2750}, {"id": "L2", "amount": 1}]
    case = {
        "events": [
            {"type": "invoice", "id": "I1", "date": "2023-11-10", "lines": lines},
            {"type": "payment", "invoice": "I1", "date": "2023-11-10", "amount": 86},
            {"type": "refund", "invoice": "I1", "date": "2023-11-10", "amount": 85},
        ],
        "late_billing": "catch_up",
    }
    (movements,) = movements_in_sql(session, [case])
    # tax 85 * 567 / 86 = 560; what is left of the lines is 475 of the 481 by which they are below nothing
    assert movements == {"2023-11": {"tax_payable": -567 + 560, "cash": 86 - 85, "revenue": 481 - 475}}
    assert movements == movements_of(case)


@settings(max_examples=15, deadline=None, suppress_health_check=list(HealthCheck))
@given(st.lists(cases(), min_size=1, max_size=30))
def test_every_month_balances(session, given_cases):
    for movements in movements_in_sql(session, given_cases):
        for month, accounts in movements.items():
            assert sum(accounts.values()) == 0, month


@settings(max_examples=15, deadline=None, suppress_health_check=list(HealthCheck))
@given(st.lists(cases(), min_size=1, max_size=20), st.randoms(use_true_random=False))
def test_the_order_in_which_days_arrive_does_not_matter(session, given_cases, random):
    shuffled = []
    for case in given_cases:
        days = sorted({event["date"] for event in case["events"]})
        random.shuffle(days)
        events = [event for day in days for event in case["events"] if event["date"] == day]
        shuffled.append(case | {"events": events})
    assert movements_in_sql(session, shuffled) == movements_in_sql(session, given_cases)


@settings(max_examples=15, deadline=None, suppress_health_check=list(HealthCheck))
@given(st.lists(cases(), min_size=1, max_size=20))
def test_what_happens_later_never_moves_an_earlier_month(session, given_cases):
    """Months before the last one with events are the same whether its events are known or not."""
    known, months = [], []
    for case in given_cases:
        last = max(event["date"] for event in case["events"])
        cut = [event for event in case["events"] if event["date"][:7] < last[:7]]
        if any(event["type"] == "invoice" for event in cut):
            known.append((case, case | {"events": cut}))
            months.append(last[:7])
    if not known:
        return
    whole = movements_in_sql(session, [case for case, _ in known])
    before = movements_in_sql(session, [case for _, case in known])
    for all_of_it, first_part, month in zip(whole, before, months, strict=True):
        early = {name: accounts for name, accounts in all_of_it.items() if name < month}
        assert early == {name: accounts for name, accounts in first_part.items() if name < month}
