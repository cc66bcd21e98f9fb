"""The DuckDB file of the lake lane: a build goes on from it where it fits, and never with a lake that lacks events."""

from __future__ import annotations

import hashlib
import os
from datetime import date
from types import SimpleNamespace

import duckdb
import pytest

from ingestion.lake import LakeFile, lake
from ingestion.stores import LocalStore
from orchestration.engines.chain import Relation
from orchestration.lake import state
from orchestration.lake.state import LakeUnreadable

TABLE = Relation("intermediate", "int_usage__load_days")
FIRST, SECOND = (("load-1", date(2026, 5, 1), 10), ("load-2", date(2026, 5, 2), 5))


def listed(*days):
    return SimpleNamespace(days=sorted(days), files=[])


@pytest.fixture
def file(tmp_path):
    """A DuckDB file that holds the days of the first load."""
    path = tmp_path / "usage.duckdb"
    with duckdb.connect(path) as session:
        session.execute("create schema intermediate")
        session.execute(f"create table {TABLE} (load_id varchar, occurred_on date, event_count bigint)")
        session.execute(f"insert into {TABLE} values (?, ?, ?)", FIRST)
    return path


def test_a_build_goes_on_from_the_file_where_the_last_build_ended(file):
    assert state.goes_on(file, listed(FIRST), listed(FIRST, SECOND), [TABLE])


def test_a_file_that_a_failed_build_left_ahead_is_gone_on_from(file):
    assert state.goes_on(file, listed(), listed(FIRST, SECOND), [TABLE])


def test_a_file_behind_the_last_build_or_of_another_warehouse_is_made_anew(file, tmp_path):
    assert not state.goes_on(file, listed(FIRST, SECOND), listed(FIRST, SECOND), [TABLE])
    assert not state.goes_on(file, listed(), listed(SECOND), [TABLE])
    assert not state.goes_on(file, listed(FIRST), listed(FIRST), [TABLE, Relation("intermediate", "int_usage__daily")])
    assert not state.goes_on(tmp_path / "none.duckdb", listed(), listed(), [TABLE])


def test_rows_that_postgres_did_not_take_over_are_remembered(file):
    assert not state.begin(file)
    assert state.begin(file)
    state.end(file)
    assert not state.begin(file)


def test_a_lake_that_gave_fewer_events_than_its_list_says_is_refused_by_load_and_day(file):
    state.prove(file, listed(FIRST))
    with pytest.raises(LakeUnreadable, match="load-1, events of 2026-05-01: restore the file"):
        state.prove(file, listed(("load-1", date(2026, 5, 1), 11)))


def test_the_events_are_those_of_the_listed_files_alone(tmp_path, monkeypatch):
    monkeypatch.setenv("TIEOUT_LAKE", str(tmp_path / "it's a lake"))
    paths = []
    for name, quantity in (("listed", 1), ("left by a load that died", 2)):
        path = f"raw/usage__events/delivered_on=2026-05-02/occurred_on=2026-05-01/{name}.parquet"
        place = tmp_path / "it's a lake" / path
        place.parent.mkdir(parents=True, exist_ok=True)
        target = str(place).replace("'", "''")
        duckdb.sql(f"copy (select {quantity} as quantity) to '{target}' (format parquet)")
        paths.append(path)
    database = tmp_path / "usage.duckdb"
    of_loads = [(7, date(2026, 5, 1), 1, 0), (8, date(2026, 5, 1), 5, None)]
    for found, rows in ((paths[:1], [(1, date(2026, 5, 2), date(2026, 5, 1))]), ([], [])):
        files = [SimpleNamespace(path=each) for each in found]
        state.show_events(database, SimpleNamespace(files=files, of_loads=of_loads if found else []))
        with duckdb.connect(database) as session:
            query = "select quantity, delivered_on, occurred_on from raw.usage__events"
            assert session.execute(query).fetchall() == rows
            query = "select load_seq, occurred_on, row_count, repeats from main.usage_files order by 1"
            assert session.execute(query).fetchall() == (of_loads if found else [])


@pytest.fixture
def lake_file(tmp_path, monkeypatch):
    """A file of a lake, and the list that names it."""
    monkeypatch.setenv("TIEOUT_LAKE", str(tmp_path / "lake"))
    path = "raw/usage__events/delivered_on=2026-05-02/occurred_on=2026-05-01/load.parquet"
    place = tmp_path / "lake" / path
    place.parent.mkdir(parents=True)
    place.write_bytes(b"12345")
    sha256 = hashlib.sha256(b"12345").hexdigest()
    return place, SimpleNamespace(files=[LakeFile(date(2026, 5, 1), path, 1, 5, sha256)])


def test_a_file_that_is_gone_or_has_other_bytes_is_named_before_anything_is_built(lake_file, file):
    place, named = lake_file
    state.remember(file, state.look_for(file, named))
    place.write_bytes(b"12354")
    with pytest.raises(LakeUnreadable, match=r"load.parquet has other bytes than were written: restore the file"):
        state.look_for(file, named)
    place.unlink()
    with pytest.raises(LakeUnreadable, match=r"load.parquet is gone: restore the file"):
        state.look_for(file, named)


def test_a_file_is_hashed_once_and_again_when_its_version_changes(lake_file, file, monkeypatch):
    place, named = lake_file
    hashed = []
    fetched = LocalStore.fetched
    monkeypatch.setattr(LocalStore, "fetched", lambda store, key: hashed.append(key) or fetched(store, key))
    for _ in range(2):
        state.remember(file, state.look_for(file, named))
        assert len(hashed) == 1
    state.remember(file, {})
    state.look_for(file, named)
    os.utime(place, (0, 0))
    state.look_for(file, named)
    assert len(hashed) == 3


def test_a_file_is_not_hashed_while_it_is_the_version_that_its_load_wrote(tmp_path, file, monkeypatch):
    monkeypatch.setenv("TIEOUT_LAKE", str(tmp_path / "lake"))
    written = tmp_path / "written"
    written.write_bytes(b"12345")
    version = lake().put("raw/usage__events/load.parquet", written)
    place = tmp_path / "lake" / "raw/usage__events/load.parquet"
    other_bytes = LakeFile(date(2026, 5, 1), "raw/usage__events/load.parquet", 1, 5, "0" * 64, version)
    assert state.look_for(file, SimpleNamespace(files=[other_bytes])) == {other_bytes.path: version}
    place.write_bytes(b"12354")
    with pytest.raises(LakeUnreadable, match="other bytes"):
        state.look_for(file, SimpleNamespace(files=[other_bytes]))


def test_a_build_without_a_place_of_the_lake_is_told_so(monkeypatch, tmp_path):
    monkeypatch.delenv("TIEOUT_LAKE", raising=False)
    with pytest.raises(LakeUnreadable, match="TIEOUT_LAKE"):
        state.look_for(tmp_path / "none.duckdb", SimpleNamespace(files=["one"]))
