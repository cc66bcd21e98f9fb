"""Usage events are told apart within their UTC day: an id that returns on another day is named, and holds the close."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import psycopg

from expectations.raw_suites import USAGE_EVENTS
from expectations.runner import Verdict, failing_rows, run_suites
from ingestion import sample_company
from ingestion.landing import load_landing
from tests.warehouse.landed import event, put

RULE = "no_event_returns_on_another_day"
DELIVERED, DELIVERED_END, MONTH = date(2026, 11, 2), date(2026, 11, 3), date(2026, 10, 1)
LANDED = """
    select source, event_id, event_type, subject, occurred_on
    from raw.usage__events
    where occurred_on = '2026-10-30' and event_type = 'com.acme.api_call'
    order by source, event_id
    limit 1
"""
REASONS = """
    select reason from reconciliation.recon_close_gate
    where gate = 'checks' and period_month = %s and reason like '%%' || %s || '%%'
"""


def rows(url: str, statement: str, *parameters: object) -> list[tuple[object, ...]]:
    """Rows of a query, as the login user."""
    with psycopg.connect(url) as connection:
        return connection.execute(statement, parameters).fetchall()


def deliver(landing: Path, line: str) -> None:
    """Load one more usage file of the day of delivery, of one line."""
    put(landing, f"usage/events/{DELIVERED}/again.jsonl", line)
    assert [result.accepted for result in load_landing(landing)] == [1]


def verdict() -> Verdict:
    """What the rule says of the day of delivery."""
    found = run_suites([USAGE_EVENTS], DELIVERED, DELIVERED_END)
    return next(one for one in found if one.expectation == RULE)


def test_in_a_clean_sample_every_usage_rule_passes_whatever_is_sent_twice(warehouse, tmp_path):
    sample_company.write(11, 1, 3, tmp_path, faults="none")
    load_landing(tmp_path, systems=["catalog", "usage"])
    repeats = "select source, event_id from raw.usage__events group by source, event_id having count(*) > 1 limit 1"
    assert rows(warehouse, repeats)
    found = run_suites([USAGE_EVENTS], date(2026, 10, 28), date(2026, 11, 10))
    assert {(one.expectation, one.status) for one in found} == {(rule.name, "passed") for rule in USAGE_EVENTS.rules}


def test_an_event_id_that_returns_on_another_day_is_named_and_keeps_the_month_open(copy_of_sample, tmp_path):
    assert verdict().status == "passed"
    assert not rows(copy_of_sample, REASONS, MONTH, RULE)

    ((source, event_id, event_type, subject, day),) = rows(copy_of_sample, LANDED)
    again = {"source": source, "id": event_id, "type": event_type, "subject": subject}
    deliver(tmp_path, event(0, **again, time="2026-11-01T00:00:01Z"))

    found = verdict()
    assert (found.status, found.severity, found.holds_close, found.rows_failed) == ("failed", "warn", True, 1)
    (named,) = failing_rows(found.failing_rows_sql)
    assert (named["source"], named["event_id"]) == (source, event_id)
    assert (named["occurred_on"], named["other_occurred_on"]) == (date(2026, 11, 1), day)
    assert rows(copy_of_sample, REASONS, MONTH, RULE) == [
        (f"usage_events: {RULE} of raw.usage__events failed",),
    ]
