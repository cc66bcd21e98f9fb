"""What Dagster knows: nothing missing, nothing that would be dropped from a backfill, nothing changed unseen."""

from datetime import UTC, datetime

import dagster as dg
import pytest

from orchestration.definitions import defs
from orchestration.partitions import daily, monthly

RAW = ["bank", "catalog", "control_plane", "crm", "erp", "fx", "stripe", "tax", "usage"]


@pytest.fixture(scope="module")
def graph():
    return defs.get_repository_def().asset_graph


def test_no_asset_without_partitions_stands_between_assets_with_partitions(graph):
    for key in graph.get_all_asset_keys():
        node = graph.get(key)
        if node.is_materializable and not node.is_partitioned:
            above = any(graph.get(parent).is_partitioned for parent in node.parent_keys)
            below = any(graph.get(child).is_partitioned for child in node.child_keys)
            assert not (above and below), key


def test_everything_is_on_the_same_days_but_the_close_which_is_on_months(graph):
    for key in graph.get_all_asset_keys():
        node = graph.get(key)
        if node.is_materializable:
            assert node.partitions_def == (monthly if node.group_name == "close" else daily), key


def test_a_range_of_days_is_one_run(graph):
    for key in graph.get_all_asset_keys():
        node = graph.get(key)
        if node.is_materializable and node.partitions_def == daily:
            assert node.backfill_policy == dg.BackfillPolicy.single_run(), key


def test_every_system_has_a_raw_asset_and_models_below_it(graph):
    raw = sorted(key.path[1] for key in graph.get_all_asset_keys() if key.path[0] == "raw")
    assert raw == RAW
    for system in RAW:
        assert graph.get(dg.AssetKey(["raw", system])).child_keys, system


def test_what_structural_checks_find_wrong_never_reaches_a_model(graph):
    blocking = {key.asset_key.path[1] for key in graph.asset_check_keys if is_blocking(graph, key)}
    assert blocking >= set(RAW)


def is_blocking(graph, key) -> bool:
    return key.asset_key.path[0] == "raw" and bool(graph.get(key).blocking)


def test_only_known_things_are_defined(graph):
    """A snapshot without the models, which have their own documentation."""
    groups = {graph.get(key).group_name for key in graph.get_all_asset_keys() if graph.get(key).is_materializable}
    found = {
        "jobs": sorted(job.name for job in defs.jobs or []),
        "schedules": sorted(schedule.name for schedule in defs.schedules or []),
        "sensors": sorted(sensor.name for sensor in defs.sensors or []),
        "groups": sorted(groups),
        "pools": sorted({pool for key in raw_keys(graph) for pool in graph.get(key).pools}),
        "raw checks of fx": sorted(key.name for key in graph.asset_check_keys if key.asset_key.path == ["raw", "fx"]),
    }
    assert found == {
        "jobs": [
            "backfill",
            "close_month",
            "close_summary",
            "daily_tie_out",
            "package_month",
            "post_journal",
            "reproduce_month",
        ],
        "schedules": ["every_morning", "while_closing"],
        "sensors": ["landing_folder_sensor"],
        "groups": [
            "billing",
            "cash",
            "catalog",
            "clock",
            "close",
            "customers",
            "fx",
            "ledger",
            "marts",
            "quarantine",
            "rating",
            "raw",
            "reconciliation",
            "revenue",
            "staging",
            "usage",
        ],
        "pools": ["warehouse_writer"],
        "raw checks of fx": [
            "every_delivery_accepted",
            "every_row_accounted_for",
            "fx_deliveries_plausibility",
            "fx_deliveries_structure",
            "fx_records_plausibility",
            "fx_records_structure",
            "no_field_is_new",
        ],
    }


def raw_keys(graph):
    return [key for key in graph.get_all_asset_keys() if key.path[0] == "raw"]


@pytest.mark.parametrize(
    "name",
    ["daily_tie_out", "backfill", "close_summary", "post_journal", "close_month", "reproduce_month", "package_month"],
)
def test_jobs_resolve(name):
    assert defs.resolve_job_def(name).name == name


def requests_at(schedule: str, when: datetime) -> list[str | None]:
    context = dg.build_schedule_context(scheduled_execution_time=when, repository_def=defs.get_repository_def())
    ticked = defs.resolve_schedule_def(schedule).evaluate_tick(context)
    return [request.partition_key for request in ticked.run_requests or []]


def test_every_morning_asks_for_the_delivery_day_that_has_begun():
    assert requests_at("every_morning", datetime(2026, 11, 9, 5, tzinfo=UTC)) == ["2026-11-09"]
    assert requests_at("every_morning", datetime(2025, 12, 31, 5, tzinfo=UTC)) == []


def test_while_closing_asks_for_the_month_before_and_only_in_the_first_days():
    assert requests_at("while_closing", datetime(2026, 11, 9, 7, tzinfo=UTC)) == ["2026-10-01"]
    assert requests_at("while_closing", datetime(2027, 1, 2, 7, tzinfo=UTC)) == ["2026-12-01"]
    assert requests_at("while_closing", datetime(2026, 11, 20, 7, tzinfo=UTC)) == []
