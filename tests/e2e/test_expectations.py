"""Suites look at what landed; verdicts are rows, a crash is no failure, and failing rows can be retrieved."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import dagster as dg
import psycopg
import pytest

from expectations.page import page
from expectations.raw_suites import RAW_SUITES
from expectations.rules import Suite, never
from expectations.runner import failing_rows, run_suites
from ingestion.landing import load_landing
from orchestration.assets import raw
from orchestration.assets.fx import fx
from orchestration.assets.raw import ACCEPTED
from orchestration.resources import LandingFolder
from warehouse.connection import connect
from warehouse.lock import writer_lock

pytestmark = pytest.mark.warehouse

START, END = date(2026, 10, 28), date(2026, 10, 29)
FX = [suite for suite in RAW_SUITES if suite.name.startswith("fx_")]


@pytest.fixture
def landing(tmp_path, warehouse):
    folder = tmp_path / "fx" / "rates" / "2026-10-28"
    folder.mkdir(parents=True)
    (folder / "rates.csv").write_text(
        "date,from,to,rate,source\n2026-10-27,EUR,USD,1.0850,ecb\n2026-10-27,EUR,JPY,0,x\n"
    )
    (folder / "_SUCCESS").touch()
    return tmp_path


def stored() -> list[tuple[object, ...]]:
    with connect("auditor", autocommit=True) as connection:
        return connection.execute(
            "select suite, expectation, status, rows_failed, window_start, window_end from checks.results order by 1, 2"
        ).fetchall()


def test_a_wrong_value_fails_its_rule_and_its_rows_can_be_retrieved_and_a_second_run_adds_nothing(landing):
    with connect("loader") as connection:
        connection.execute(
            """
            insert into raw.fx__rates (load_id, load_seq, line_no, delivered_on, record_id, record_hash, payload)
            values (gen_random_uuid(), 1, 1, '2026-10-28', 'canary@example.com', repeat('0', 64), '{"rate": "-3"}')
            """
        )
    verdicts = {verdict.expectation: verdict for verdict in run_suites(FX, START, END)}
    wrong = verdicts["rates_are_above_zero"]
    assert (wrong.status, wrong.rows_failed, wrong.severity) == ("failed", 1, "block")
    assert [row["record_id"] for row in failing_rows(wrong.failing_rows_sql)] == ["canary@example.com"]
    assert verdicts["record_id_is_present"].status == "passed"

    first = stored()
    run_suites(FX, START, END)
    assert stored() == first
    assert len(first) == sum(len(suite.rules) for suite in FX)


def test_a_zone_that_only_the_servers_own_database_knows_is_told(warehouse):
    with connect("loader") as connection:
        connection.execute(
            """
            insert into raw.control_plane__accounts (
                load_id, load_seq, line_no, delivered_on, record_id, record_hash, payload
            )
            select gen_random_uuid(), 1, 1, '2026-10-28', zone, repeat('0', 64), jsonb_build_object('timezone', zone)
            from unnest(array['Europe/Berlin', 'posix/Europe/Berlin']) as zone
            """
        )
    suites = [suite for suite in RAW_SUITES if suite.name.startswith("control_plane_")]
    told = [verdict for verdict in run_suites(suites, START, END) if verdict.expectation == "zones_exist"]
    assert [verdict.rows_failed for verdict in told] == [1]
    assert [row["record_id"] for row in failing_rows(told[0].failing_rows_sql)] == ["posix/Europe/Berlin"]


def test_a_rule_that_cannot_be_looked_at_crashes_and_says_nothing_of_the_data(warehouse):
    broken = never("looks_at_what_is_not_there", "Nothing.", "no_such_column = 1")
    suite = Suite("broken", "raw", "raw.fx", ("raw", "fx"), "select 1 as there", [broken])
    verdict = run_suites([suite], START, END)[0]
    assert verdict.status == "crashed"
    assert verdict.rows_failed is None
    assert "no_such_column" in verdict.message


def test_the_page_needs_no_network_and_shows_no_values(landing):
    load_landing(landing)
    verdicts = [vars(verdict) for verdict in run_suites(FX, START, END)]
    written = page([*verdicts, vars(replace(run_suites(FX[:1], START, END)[0], message="<script>"))])
    assert "http" not in written
    assert "<script>" not in written
    assert "1.0850" not in written


def test_a_refused_file_fails_its_check_and_does_not_hide_the_others(landing):
    waiting = landing / "fx" / "rates" / "2026-10-29"
    waiting.mkdir()
    (waiting / "rates.csv").write_text("Date,USD\n2026-10-28,1.0850\n")
    result = dg.materialize(
        [fx],
        resources={"landing_folder": LandingFolder(path=str(landing))},
        instance=dg.DagsterInstance.ephemeral(),
        tags={"dagster/asset_partition_range_start": "2026-10-28", "dagster/asset_partition_range_end": "2026-10-29"},
    )
    assert result.success
    check = next(each for each in result.get_asset_check_evaluations() if each.check_name == ACCEPTED)
    assert not check.passed
    assert check.metadata["refused"].value == 1
    metadata = {event.partition: event.metadata for event in result.asset_materializations_for_node("raw__fx")}
    assert metadata["2026-10-28"]["rows_in"].value == 2
    assert metadata["2026-10-29"]["refused_files"].value == 1


def test_dagster_does_not_load_while_another_writes_and_says_who_and_since_when(landing, warehouse, monkeypatch):
    monkeypatch.setattr(raw, "WAIT_FOR_WRITER_SECONDS", 0)
    folder = LandingFolder(path=str(landing))
    with writer_lock(warehouse, holder="tieout build"), pytest.raises(dg.RetryRequested) as again:
        raw.load_days(folder, "fx", START, END)
    assert "tieout build has been writing since 20" in str(again.value.__cause__)
    assert [one.status for one in raw.load_days(folder, "fx", START, END)] == ["loaded"]


def test_dagster_counts_the_rows_of_every_load_and_names_the_one_that_lost_some(landing, warehouse):
    load_landing(landing)
    whole = raw.accounted("fx", START, END)
    assert whole.passed
    assert (whole.metadata["rows_in"].value, whole.metadata["loads"].value) == (2, 1)
    with psycopg.connect(warehouse) as superuser:
        superuser.execute("delete from raw.fx__rates where line_no = (select min(line_no) from raw.fx__rates)")
    broken = raw.accounted("fx", START, END)
    assert not broken.passed
    assert broken.metadata["broken"].value == 1
    assert "fx/rates/2026-10-28/rates.csv: 2 in = " in broken.description
