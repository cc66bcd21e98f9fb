"""However the delivery days come, the tables are the same: at once, one by one, in another order, or twice."""

from __future__ import annotations

from datetime import date

import pytest

from ingestion.landing import load_landing
from orchestration.build import build
from orchestration.partitions import Window
from tests.conftest import TEMPLATE
from warehouse.connection import connect
from warehouse.digest import digest_tables

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(1200)]

FIRST, LAST = date(2026, 10, 28), date(2026, 11, 9)
EVERYTHING = Window.of_days(FIRST, LAST)
TEN_DAYS = Window.of_days(date(2026, 10, 31), LAST)
BEFORE = Window.of_days(FIRST, date(2026, 10, 30))
# Tables are rebuilt whole from staging; only these (with what they read) carry something from one build to the next.
INCREMENTAL = ["+config.materialized:incremental"]
SCHEMAS = ["raw", "quarantine", "intermediate", "marts", "reconciliation"]


@pytest.fixture
def own_warehouse(cluster, monkeypatch):
    with cluster.database(TEMPLATE) as url:
        monkeypatch.setenv("TIEOUT_WAREHOUSE_URL", url)
        yield url


@pytest.fixture
def digests_of_all_days_at_once(built_sample, monkeypatch):
    with monkeypatch.context() as patch:
        patch.setenv("TIEOUT_WAREHOUSE_URL", built_sample.url)
        return digests()


def digests() -> dict[str, str]:
    with connect("auditor", autocommit=True) as connection:
        return digest_tables(connection, SCHEMAS)


def different(left: dict[str, str], right: dict[str, str]) -> list[str]:
    return sorted(table for table in left.keys() | right.keys() if left.get(table) != right.get(table))


def load_and_build(landing, window: Window, *, everything: bool = False) -> None:
    load_landing(landing, start=window.start, end=window.end)
    build(window, select=() if everything else INCREMENTAL, tests=False, holder="test")


def test_ten_single_days_give_the_tables_of_all_days_at_once_and_once_more_changes_nothing(
    built_sample, digests_of_all_days_at_once, own_warehouse
):
    load_and_build(built_sample.landing, BEFORE, everything=True)
    for day in TEN_DAYS.days[:-1]:
        load_and_build(built_sample.landing, Window.of_days(day, day))
    load_and_build(built_sample.landing, Window.of_days(LAST, LAST), everything=True)
    day_by_day = digests()
    assert different(day_by_day, digests_of_all_days_at_once) == []

    load_and_build(built_sample.landing, TEN_DAYS, everything=True)
    assert different(digests(), day_by_day) == []


def test_days_in_another_order_give_the_same_tables(built_sample, digests_of_all_days_at_once, own_warehouse):
    later, earlier = Window.of_days(date(2026, 11, 3), LAST), Window.of_days(FIRST, date(2026, 11, 1))
    load_and_build(built_sample.landing, later)  # not everything: an invoice without the currencies is refused
    load_and_build(built_sample.landing, earlier)
    load_and_build(built_sample.landing, Window.of_days(date(2026, 11, 2), date(2026, 11, 2)), everything=True)
    assert different(digests(), digests_of_all_days_at_once) == []
