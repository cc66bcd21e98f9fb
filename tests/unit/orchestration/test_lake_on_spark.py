"""Spark's tables in the lake lane: the names of files, before and after a build, say what Postgres takes over."""

from __future__ import annotations

import shutil
from datetime import date
from types import SimpleNamespace

import duckdb
import pyarrow as pa
import pytest
from pyarrow import parquet

from orchestration.engines.chain import Relation
from orchestration.lake.on_spark import OnSpark
from orchestration.lake.plan import Table
from orchestration.lake.state import LOAD_DAYS, LakeUnreadable

DAILY = Relation("intermediate", "int_usage__daily")
TABLES = (
    Table(LOAD_DAYS, "touched_usage_loads", ("load_id",)),
    Table(DAILY, "touched_usage_keys", ("account_id", "event_type", "usage_on")),
)
FIRST, SECOND, THIRD = "usage_on=2026-05-01", "usage_on=2026-05-02", "usage_on=2026-05-03"
LISTED = SimpleNamespace(days=[("load-1", date(2026, 5, 1), 3)], files=[])


@pytest.fixture
def tables(tmp_path, monkeypatch):
    monkeypatch.setenv("TIEOUT_SPARK_FOLDER", str(tmp_path / "tables"))
    return tmp_path / "tables" / "tieout" / "warehouse" / "intermediate.db"


@pytest.fixture
def engine(tmp_path, tables):
    """Spark's tables after a first build: one load, and two days of an account; Postgres has taken them over."""
    write(tables / LOAD_DAYS.name / "load_id=load-1", "part-1", occurred_on=[date(2026, 5, 1)], event_count=[3])
    write(tables / DAILY.name / FIRST, "part-1", account_id=["acc"], event_count=[2])
    write(tables / DAILY.name / SECOND, "part-1", account_id=["acc"], event_count=[1])
    found = OnSpark(tmp_path / "usage.duckdb")
    found.collect(TABLES)
    found.end()
    return found


def write(folder, name, **columns):
    folder.mkdir(parents=True, exist_ok=True)
    parquet.write_table(pa.table(columns), folder / f"{name}.parquet")


def rows(tmp_path, query):
    with duckdb.connect(tmp_path / "usage.duckdb", read_only=True) as session:
        return session.execute(query).fetchall()


def test_after_a_first_build_everything_is_shown(engine, tmp_path):
    assert rows(tmp_path, f"select usage_on, account_id, event_count from {DAILY} order by 1") == [
        (date(2026, 5, 1), "acc", 2),
        (date(2026, 5, 2), "acc", 1),
    ]
    assert rows(tmp_path, f"select load_id, occurred_on, event_count from {LOAD_DAYS}") == LISTED.days


def test_days_whose_files_did_not_change_are_not_taken_over_again(engine, tables, tmp_path):
    assert engine.collect(TABLES) == ()

    shutil.rmtree(tables / DAILY.name / SECOND)
    write(tables / DAILY.name / SECOND, "part-2", account_id=["acc", "other"], event_count=[1, 1])
    write(tables / DAILY.name / THIRD, "part-2", account_id=["acc"], event_count=[7])

    [table] = engine.collect(TABLES)

    assert (table.relation, table.keys) == (DAILY, ("usage_on",))
    assert rows(tmp_path, f"select usage_on from main.{table.touched} order by 1") == [
        (date(2026, 5, 2),),
        (date(2026, 5, 3),),
    ]
    assert rows(tmp_path, f"select sum(event_count) from {DAILY}") == [(9,)]


def test_a_day_that_all_events_left_is_replaced_by_no_rows(engine, tables, tmp_path):
    shutil.rmtree(tables / DAILY.name)
    write(tables / DAILY.name / FIRST, "part-2", account_id=["acc"], event_count=[3])

    [table] = engine.collect(TABLES)

    assert rows(tmp_path, f"select usage_on from main.{table.touched} order by 1") == [
        (date(2026, 5, 1),),
        (date(2026, 5, 2),),
    ]
    assert rows(tmp_path, f"select usage_on, event_count from {DAILY}") == [(date(2026, 5, 1), 3)]


def test_what_was_computed_and_not_taken_over_is_shown_again(engine, tables):
    write(tables / DAILY.name / THIRD, "part-2", account_id=["acc"], event_count=[7])
    once = engine.collect(TABLES)

    assert engine.goes_on(LISTED, LISTED, TABLES)
    assert engine.collect(TABLES) == once != ()
    engine.end()
    assert engine.collect(TABLES) == ()


def test_a_build_starts_from_the_first_event_when_a_file_is_not_the_one_that_the_last_build_left(engine, tables):
    assert engine.goes_on(LISTED, LISTED, TABLES)

    shutil.rmtree(tables / DAILY.name / FIRST)

    assert not engine.goes_on(LISTED, LISTED, TABLES)


def test_a_build_starts_from_the_first_event_when_duckdb_built_the_last(engine, tmp_path):
    (tmp_path / "usage.duckdb").unlink()
    with duckdb.connect(tmp_path / "usage.duckdb") as session:
        session.execute("create schema intermediate")
        session.execute(f"create table {LOAD_DAYS} (load_id varchar, occurred_on date, event_count bigint)")
        session.execute(f"insert into {LOAD_DAYS} values (?, ?, ?)", LISTED.days[0])

    assert not engine.goes_on(LISTED, LISTED, TABLES)


def test_what_is_not_tieouts_in_the_folder_of_spark_stays(engine, tables, tmp_path, monkeypatch):
    monkeypatch.setattr("orchestration.engines.spark.home", lambda: tmp_path)
    (tmp_path / "tables" / "warehouse").mkdir()

    assert engine.begin(from_the_start=True)

    assert (tmp_path / "tables" / "warehouse").is_dir()
    assert not tables.exists()


def test_a_lake_in_a_bucket_is_refused_with_the_remedy(engine, monkeypatch):
    monkeypatch.setenv("TIEOUT_LAKE", "s3://bucket/lake")

    with pytest.raises(LakeUnreadable, match="s3://bucket/lake is none: set TIEOUT_LAKE_ENGINE=duckdb"):
        engine.show({}, LISTED)
