"""Checks of usage events in the lake: they say what those of Postgres say of the same files."""

from __future__ import annotations

import json
from datetime import date

import pytest
from typer.testing import CliRunner

from expectations.raw_suites import USAGE_EVENTS
from ingestion.landing import load_landing
from orchestration.cli import app
from orchestration.suites import failing_rows, run_suites
from tests.warehouse.landed import METERS, event, put, query

pytestmark = pytest.mark.warehouse

START, END = date(2026, 10, 28), date(2026, 10, 29)
RETURNS = "no_event_returns_on_another_day"


@pytest.fixture
def landing(tmp_path):
    """Two deliveries; the second returns two ids of the first on other days, one of them beyond the rule's reach."""
    put(tmp_path, "catalog/meters/meters.yaml", METERS)
    first = [event(number) for number in range(1, 20)]
    first += [event(30, time="2026-09-15T10:00:00Z"), event(31, time="2026-09-25T10:00:00Z")]
    put(tmp_path, "usage/events/2026-10-27/first.jsonl", "".join(first))
    second = [
        event(5, time="2026-10-26T23:59:59Z"),
        event(30, time="2026-10-28T00:00:00Z"),
        event(31, time="2026-10-28T00:00:00Z", source="//other"),
        event(7),
        event(40, data={"calls": -4, "region": "eu"}),
        event(41, recordedtime="2026-10-25T09:00:00Z"),
        event(42, time="2026-10-29T23:59:59Z"),
    ]
    put(tmp_path, "usage/events/2026-10-28/second.jsonl", "".join(second))
    return tmp_path


def into_lake(monkeypatch, folder):
    monkeypatch.setenv("TIEOUT_USAGE_LANE", "lake")
    monkeypatch.setenv("TIEOUT_LAKE", str(folder))


def said(start=START, end=END):
    """What every rule says of the window, and the events that it names."""
    verdicts = run_suites([USAGE_EVENTS], start, end)
    return {
        each.expectation: (
            each.status,
            each.rows_failed,
            each.message,
            each.holds_close,
            sorted((row["source"], row["event_id"], row["occurred_on"]) for row in failing_rows(vars(each), 10)),
        )
        for each in verdicts
    }


def test_both_lanes_say_the_same_of_the_same_events(cluster, landing, monkeypatch, tmp_path):
    windows = [(START, END), (date(2026, 10, 27), END), (date(2026, 11, 1), date(2026, 11, 2))]
    found = {}
    for lane in ("postgres", "lake"):
        with cluster.database("tieout_template") as url, monkeypatch.context() as patch:
            patch.setenv("TIEOUT_WAREHOUSE_URL", url)
            if lane == "lake":
                into_lake(patch, tmp_path / "lake")
            load_landing(landing)
            held = query(url, "select count(*)::int from raw.usage__events")
            found[lane] = [said(*window) for window in windows]
        assert held == [(28 if lane == "postgres" else 0,)]
    assert found["lake"] == found["postgres"]

    second_day, both_days, nothing = found["lake"]
    failed = {rule: (count, rows) for rule, (status, count, _, _, rows) in second_day.items() if status == "failed"}
    assert failed == {
        "quantities_are_not_negative": (1, [("//api", "e40", date(2026, 10, 27))]),
        "nothing_recorded_before_it_happened": (1, [("//api", "e41", date(2026, 10, 27))]),
        RETURNS: (1, [("//api", "e5", date(2026, 10, 26))]),
    }
    assert both_days[RETURNS][1] == 2
    assert {(status, count) for status, count, *_ in nothing.values()} == {("passed", 0)}


def test_a_lake_that_lacks_a_file_is_a_crash_of_every_rule_and_no_failure_of_the_data(
    warehouse, landing, monkeypatch, tmp_path
):
    into_lake(monkeypatch, tmp_path / "lake")
    load_landing(landing)
    next((tmp_path / "lake").rglob("occurred_on=2026-10-26/*.parquet")).unlink()
    verdicts = run_suites([USAGE_EVENTS], START, END)
    assert {(each.status, each.rows_failed) for each in verdicts} == {("crashed", None)}
    assert len(verdicts) == len(USAGE_EVENTS.rules)
    assert all(each.message.startswith("Could not be looked at: The lake cannot be asked: ") for each in verdicts)
    assert all("occurred_on=2026-10-26" in each.message for each in verdicts)
    assert query(warehouse, "select distinct status from checks.results") == [("crashed",)]


def test_the_commands_look_into_the_lake(warehouse, landing, monkeypatch, tmp_path):
    into_lake(monkeypatch, tmp_path / "lake")
    load_landing(landing)
    tieout("run")
    shown = json.loads(tieout("show", "usage_events", RETURNS, "--json"))
    assert (shown["status"], shown["holds_close"], shown["rows_failed"]) == ("failed", True, 2)
    assert sorted((row["event_id"], row["occurred_on"], row["other_occurred_on"]) for row in shown["rows"]) == [
        ("e5", "2026-10-26", "2026-10-27"),
        ("e5", "2026-10-27", "2026-10-26"),
    ]


def tieout(*arguments):
    """What a command of the checks prints; a blocking rule that does not pass ends it with 3."""
    result = CliRunner().invoke(app, ["checks", *arguments])
    assert result.exit_code in (0, 3), result.output
    return result.output
