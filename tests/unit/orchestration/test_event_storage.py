"""Events written in batches are the same events: every partition is there, in this process and to another reader."""

import dagster as dg
import pytest
from dagster._core.storage.event_log import SqliteEventLogStorage

from orchestration import event_storage
from orchestration.event_storage import BatchingSqliteEventLogStorage

DAYS = dg.DailyPartitionsDefinition(start_date="2026-10-01", end_date="2026-11-01")


@dg.asset(partitions_def=DAYS, backfill_policy=dg.BackfillPolicy.single_run())
def counted() -> None:
    """Nothing but its events."""


@pytest.fixture
def instance(tmp_path):
    storage = {"module": "orchestration.event_storage", "class": "BatchingSqliteEventLogStorage"}
    overrides = {
        "event_log_storage": {**storage, "config": {"base_dir": str(tmp_path / "events")}},
        "run_storage": {
            "module": "dagster._core.storage.runs",
            "class": "SqliteRunStorage",
            "config": {"base_dir": str(tmp_path / "runs")},
        },
        "schedule_storage": {
            "module": "dagster._core.storage.schedules",
            "class": "SqliteScheduleStorage",
            "config": {"base_dir": str(tmp_path / "schedules")},
        },
        "telemetry": {"enabled": False},
    }
    with dg.instance_for_test(temp_dir=str(tmp_path), overrides=overrides) as made:
        yield made


def test_a_range_of_days_leaves_one_materialisation_a_day_that_plain_dagster_reads_too(instance, tmp_path):
    assert isinstance(instance.event_log_storage, BatchingSqliteEventLogStorage)
    days = {"dagster/asset_partition_range_start": "2026-10-01", "dagster/asset_partition_range_end": "2026-10-31"}
    result = dg.materialize([counted], instance=instance, tags=days)
    expected = set(DAYS.get_partition_keys())
    assert set(instance.get_materialized_partitions(counted.key)) == expected

    plain = SqliteEventLogStorage(str(tmp_path / "events"))
    assert set(plain.get_materialized_partitions(counted.key)) == expected
    in_batches = [record.event_log_entry.message for record in instance.get_records_for_run(result.run_id).records]
    assert in_batches == [record.event_log_entry.message for record in plain.get_records_for_run(result.run_id).records]


def test_many_runs_do_not_keep_every_file_open(instance, monkeypatch):
    monkeypatch.setattr(event_storage, "FILES_KEPT_OPEN", 3)
    for _ in range(4):
        dg.materialize([counted], instance=instance, partition_key="2026-10-01")
    assert len(instance.event_log_storage._engines) <= 3
