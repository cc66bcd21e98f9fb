"""F10: operators cannot damage a closed month, whatever they start; late deliveries are built and posted."""

from __future__ import annotations

from datetime import date
from uuid import uuid4

import dagster as dg
import psycopg
import pytest

from orchestration.assets.books import CloseConfig, PostingConfig, closed_month, journal
from orchestration.build import building
from orchestration.close.closing import close_month, reopen
from orchestration.close.days import DaysOfClosedMonth
from orchestration.partitions import Window
from tests.warehouse.ledger_rows import fact, month, prepare, rows, say
from warehouse.connection import connect
from warehouse.digest import digest_tables

pytestmark = pytest.mark.warehouse

MARCH = month("2026-03")


@pytest.fixture
def closed(warehouse: str) -> str:
    """March is closed, April open."""
    prepare()
    say(fact("in_1", 12000))
    close_month("main", MARCH, "anna", "ben")
    return warehouse


def books() -> dict[str, str]:
    with connect("auditor") as auditor:
        return digest_tables(auditor, ["ledger"])


def deliver(day: str) -> None:
    """A file of a delivery day that lands now."""
    with connect("loader") as loader:
        loader.execute(
            "insert into ops.loads (load_id, load_seq, system, object, delivered_on, file_name, content_sha256,"
            " size_bytes, rows_in, accepted, duplicate, quarantined, late_excluded, code_version)"
            " select %s, coalesce(max(load_seq), 0) + 1, 'stripe', 'invoices', %s, %s, repeat('0', 64),"
            " 0, 0, 0, 0, 0, 0, 'v' from ops.loads",
            (uuid4(), day, f"{uuid4()}.jsonl"),
        )


def build_days(first: str, last: str) -> None:
    with building("test", Window.of_days(date.fromisoformat(first), date.fromisoformat(last))):
        pass


def test_building_days_of_a_closed_month_again_is_refused_with_what_to_do_instead(closed):
    before = books()
    for first, last, named in (
        ("2026-03-05", "2026-03-05", "2026-03-05:"),
        ("2026-02-20", "2026-03-02", "2026-03-01 to 2026-03-02:"),
        ("2026-03-30", "2026-04-02", "2026-03-30 to 2026-03-31:"),
    ):
        with pytest.raises(DaysOfClosedMonth, match="2026-03 is closed and nothing new was delivered for") as refused:
            build_days(first, last)
        assert named in str(refused.value)
        assert "tieout load, then tieout build; it is posted to the open month" in str(refused.value)
        assert "tieout close reopen --period 2026-03" in str(refused.value)
    assert rows("select count(*) from ops.builds where holder = 'test'") == [(1,)]
    assert books() == before


def test_days_of_open_months_are_built_again_as_often_as_one_likes(closed):
    build_days("2026-04-01", "2026-04-30")
    build_days("2026-02-01", "2026-02-28")


def test_a_late_delivery_for_a_closed_month_is_built_once(closed):
    deliver("2026-03-31")
    build_days("2026-03-31", "2026-03-31")
    with pytest.raises(DaysOfClosedMonth):
        build_days("2026-03-31", "2026-03-31")


def test_only_a_recorded_reopening_lets_the_days_be_built_again(closed):
    reopen("main", MARCH, "carl", "dora", "price correction")
    build_days("2026-03-05", "2026-03-05")
    assert rows("select event, reason from ledger.period_events order by event_no desc limit 1") == [
        ("reopened", "price correction")
    ]


def test_materialising_the_journal_of_a_closed_month_is_refused_in_a_sentence(closed):
    before = books()
    with pytest.raises(dg.Failure, match=r"2026-03 of main is closed \(anna, .* Late facts go to the open month"):
        journal(dg.build_asset_context(partition_key="2026-03-01"), PostingConfig())
    assert books() == before


def test_closing_a_closed_month_from_dagster_is_refused_in_a_sentence(closed):
    before = books()
    with pytest.raises(dg.Failure, match=r"2026-03 of main is closed \(anna, approved by ben"):
        closed_month(dg.build_asset_context(partition_key="2026-03-01"), CloseConfig(preparer="carl", approver="dora"))
    assert books() == before


def test_dagster_posts_the_late_facts_of_a_closed_month_with_the_open_one(closed):
    say(fact("in_1", 12000), fact("in_2", 50))
    made = dg.materialize([journal], partition_key="2026-04-01", instance=dg.DagsterInstance.ephemeral())
    assert made.success
    assert rows("select posted_period, original_period from ledger.journal_lines where source_id = 'in_2' limit 1") == [
        (month("2026-04"), MARCH)
    ]


def test_what_dbt_runs_as_has_no_way_into_the_books(closed):
    before = books()
    for statement in (
        "insert into ledger.journal_lines select * from ledger.journal_lines",
        "update ledger.journal_lines set amount_minor = 0",
        "truncate ledger.journal_lines",
        "drop table ledger.journal_lines cascade",
        "alter table ledger.journal_lines disable trigger all",
        "create or replace function ledger.take_lines() returns trigger language plpgsql as 'begin return null; end'",
    ):
        with (
            connect("transformer") as dbt,
            pytest.raises((psycopg.errors.InsufficientPrivilege, psycopg.errors.GeneratedAlways)),
        ):
            dbt.execute(statement)
    assert books() == before
