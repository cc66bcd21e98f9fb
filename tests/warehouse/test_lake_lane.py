"""Usage in the lake lane: the same counts, the same events, and nothing half-loaded visible."""

from __future__ import annotations

import json
from datetime import date
from decimal import Decimal

import psycopg
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ingestion import identity, lake
from ingestion.landing import LoadFailed, load_landing
from ingestion.session import Session
from ingestion.stores import LocalStore, StoreFailed
from orchestration.lake.lookup import landed
from orchestration.lake.state import LakeUnreadable
from orchestration.tracing.lookup import is_in_lake
from tests.warehouse.landed import by_file, event, load_all, put, query, small_landing
from tests.warehouse.object_store import Bucket, s3
from warehouse.connection import connect

COLUMNS = (
    "load_id::text, line_no, source, event_id, event_type, subject, occurred_at, recorded_at, quantity, dimensions"
)
EVENTS = f"select {COLUMNS}::text, delivered_on::text, occurred_on::text from raw.usage__events"
LISTED = "select path, row_count, size_bytes, sha256, version from ops.lake_files order by path"
TERMINATE = "select pg_terminate_backend(pid) from pg_stat_activity where application_name = 'tieout load'"
QUARANTINE = "select system, line_no, reason, detail, raw from quarantine.records order by 1, 2, 3, 4"


@pytest.fixture
def into_lake(monkeypatch, tmp_path):
    """The lake lane, into a folder of the test."""
    monkeypatch.setenv("TIEOUT_USAGE_LANE", "lake")
    monkeypatch.setenv("TIEOUT_LAKE", str(tmp_path / "lake"))
    return tmp_path / "lake"


def varied_landing(folder):
    """The small landing, and a delivery with several days, dimensions of every kind and a producer's own time."""
    small_landing(folder)
    odd = [{"region": 'Zürich "1"\n'}, {"region": 1.50}, {"region": True}, {}, {"region": 12}, {"region": "\u0001\\"}]
    lines = [
        event(500 + number, time=f"2026-10-{20 + number}T23:30:00+02:00", data={"calls": "1.000000001", **data})
        for number, data in enumerate(odd)
    ]
    lines.append(event(600, recordedtime="2026-10-28T01:00:00.123456Z", time="2026-02-28T24:00:00Z"))
    put(folder, "usage/events/2026-10-29/v.jsonl", "".join(lines))
    return folder


def lake_rows(root, url):
    """The events of the listed files, as EVENTS gives them."""
    found = []
    for path, *_ in query(url, LISTED):
        days = dict(part.split("=") for part in path.split("/")[2:4])
        for row in pq.ParquetFile(root / path).read().to_pylist():
            names = [column.split("::")[0].strip() for column in COLUMNS.split(",")]
            found.append((*(row[name] for name in names), days["delivered_on"], days["occurred_on"]))
    return sorted(found, key=str)


def test_the_lanes_take_set_aside_and_count_the_same(cluster, tmp_path, monkeypatch, into_lake):
    landing = varied_landing(tmp_path / "landing")
    with cluster.database("tieout_template") as url:
        in_lake = by_file(load_landing(landing, conn_url=url))
        aside, rows = query(url, QUARANTINE), lake_rows(into_lake, url)
        assert query(url, "select count(*) from raw.usage__events") == [(0,)]
        assert query(url, "select distinct system, lane from ops.loads where system in ('usage', 'fx') order by 1") == [
            ("fx", "postgres"),
            ("usage", "lake"),
        ]
        assert query(url, "select sum(row_count)::int from ops.lake_files") == query(
            url, "select sum(accepted)::int from ops.loads where system = 'usage'"
        )
    monkeypatch.setenv("TIEOUT_USAGE_LANE", "postgres")
    with cluster.database("tieout_template") as url:
        assert by_file(load_landing(landing, conn_url=url)) == in_lake
        assert query(url, QUARANTINE) == aside
        assert sorted(query(url, EVENTS), key=str) == rows
        assert len(rows) == 107


def test_what_the_list_says_of_a_file_is_true(warehouse, tmp_path, into_lake):
    load_all(varied_landing(tmp_path / "landing"))
    for path, count, size, digest, version in query(warehouse, LISTED):
        content = (into_lake / path).read_bytes()
        assert lake.lake().stat(path).version == version
        assert (pq.ParquetFile(into_lake / path).metadata.num_rows, len(content)) == (count, size)
        assert lake.hashlib.sha256(content).hexdigest() == digest


def test_the_list_says_how_many_events_of_a_file_have_the_identity_of_another(warehouse, tmp_path, into_lake):
    landing = varied_landing(tmp_path / "landing")
    next_day, elsewhere = {"time": "2026-10-28T10:00:00Z"}, {"source": "//other"}
    others = [{"data": {"calls": calls}} for calls in (1, 1, 2, 3)]  # the second is the first again, and does not land
    lines = [event(900, **change) for change in (*others, *({**one, **next_day} for one in others[2:]), elsewhere)]
    put(landing, "usage/events/2026-10-29/w.jsonl", "".join([*lines, event(901)]))
    load_all(landing)
    told = query(warehouse, "select row_count, repeats from ops.lake_files where repeats > 0 order by occurred_on")
    assert told == [(5, 2), (2, 1)]
    for path, count, repeats in query(warehouse, "select path, row_count, repeats from ops.lake_files"):
        rows = pq.ParquetFile(into_lake / path).read(["source", "event_id"]).to_pylist()
        assert count - repeats == len({(row["source"], row["event_id"]) for row in rows})


def test_a_second_load_of_the_same_files_writes_nothing(warehouse, tmp_path, into_lake):
    landing = varied_landing(tmp_path / "landing")
    load_all(landing)
    before = {path: path.stat().st_mtime_ns for path in into_lake.rglob("*.parquet")}
    assert {status for status, *_ in load_all(landing).values()} == {"already_loaded"}
    assert {path: path.stat().st_mtime_ns for path in into_lake.rglob("*.parquet")} == before
    assert len(query(warehouse, LISTED)) == len(before)


@pytest.mark.parametrize("table", ["lake_files", "loads"])
def test_a_load_that_dies_before_its_row_shows_nothing_and_the_next_one_everything(
    cluster, tmp_path, into_lake, monkeypatch, table
):
    landing = varied_landing(tmp_path / "landing")
    copy = Session.copy

    def dying(session, schema, name, rows):
        if (schema, name) == ("ops", table) and rows.column("load_seq")[0].as_py() > 4:
            raise KeyboardInterrupt
        copy(session, schema, name, rows)

    with cluster.database("tieout_template") as url:
        monkeypatch.setattr(Session, "copy", dying)
        with pytest.raises(KeyboardInterrupt):
            load_landing(landing, conn_url=url)
        monkeypatch.setattr(Session, "copy", copy)
        assert query(url, LISTED) == []
        assert list(into_lake.rglob("*.parquet"))  # written, and not there for any reader
        load_landing(landing, conn_url=url)
        assert len(lake_rows(into_lake, url)) == 107
        with psycopg.connect(url) as connection:
            assert all(one.holds for one in identity.identities(connection))
        assert {into_lake / path for path, *_ in query(url, LISTED)} == set(into_lake.rglob("*.parquet"))


def test_a_connection_lost_at_the_commit_loads_once(warehouse, tmp_path, into_lake, monkeypatch):
    landing = varied_landing(tmp_path / "landing")
    commit, lost = Session.commit, []

    def losing(session):
        commit(session)
        if not lost and session.rows("select 1 from ops.lake_files limit 1"):
            lost.append(query(warehouse, TERMINATE))
            session.rows("select 1")

    monkeypatch.setattr(Session, "commit", losing)
    load_all(landing)
    assert lost
    assert len(lake_rows(into_lake, warehouse)) == 107


def test_a_lake_that_does_not_take_a_file_refuses_nothing_for_ever(warehouse, tmp_path, into_lake, monkeypatch):
    landing = varied_landing(tmp_path / "landing")

    def full(*_):
        raise StoreFailed("the lake is full")

    put_file = LocalStore.put
    monkeypatch.setattr(LocalStore, "put", full)
    with pytest.raises(LoadFailed, match="the lake is full"):
        load_all(landing)
    monkeypatch.setattr(LocalStore, "put", put_file)
    assert query(warehouse, LISTED) == []
    load_all(landing)
    assert len(lake_rows(into_lake, warehouse)) == 107


def test_a_warehouse_keeps_its_lane(warehouse, tmp_path, monkeypatch, into_lake):
    load_all(small_landing(tmp_path / "landing"))
    monkeypatch.setenv("TIEOUT_USAGE_LANE", "postgres")
    put(tmp_path / "landing", "usage/events/2026-10-29/later.jsonl", event(900))
    with pytest.raises(LoadFailed, match="set TIEOUT_USAGE_LANE=lake"):
        load_all(tmp_path / "landing")


def test_a_lake_without_a_place_is_told(warehouse, tmp_path, monkeypatch):
    monkeypatch.setenv("TIEOUT_USAGE_LANE", "lake")
    with pytest.raises(LoadFailed, match="TIEOUT_LAKE"):
        load_all(small_landing(tmp_path))


def test_an_event_of_the_lake_is_found_by_its_id_with_its_file_and_line(warehouse, tmp_path, into_lake):
    load_all(varied_landing(tmp_path / "landing"))
    with connect("auditor") as connection:
        assert is_in_lake(connection)
        (found,) = landed(connection, event_id := json.loads(event(503))["id"], None, None)
        assert (found["event_id"], found["quantity"]) == (event_id, Decimal("1.000000001"))
        assert found["file_line"] == "usage/events/2026-10-29/v.jsonl:4"
        assert (found["occurred_on"], found["occurred_at"].isoformat()) == (
            date(2026, 10, 23),
            "2026-10-23T21:30:00+00:00",
        )
        assert landed(connection, event_id, found["source"], date(2026, 10, 23)) == [found]
        assert landed(connection, event_id, None, date(2026, 10, 24)) == []
        assert landed(connection, event_id, "another", None) == []
        for file in into_lake.rglob("*.parquet"):
            file.unlink()
        with pytest.raises(LakeUnreadable, match=r"The lake cannot be read: .*parquet"):
            landed(connection, event_id, None, None)


def test_a_lake_in_a_bucket_holds_the_same_files(warehouse, tmp_path, monkeypatch):
    monkeypatch.setenv("TIEOUT_USAGE_LANE", "lake")
    with s3() as endpoint:
        bucket = Bucket(endpoint)
        url = bucket.copy_of(tmp_path / "nothing")
        monkeypatch.setenv("TIEOUT_LAKE", f"{url}/lake")
        load_all(varied_landing(tmp_path / "landing"))
        store = lake.lake()
        listed = query(warehouse, LISTED)
        assert sorted(store.files()) == [path for path, *_ in listed]
        assert {version for *_, version in listed} == {None}
        for path, count, size, *_ in listed:
            with store.fetched(path) as content:
                assert (pq.ParquetFile(content.path).metadata.num_rows, content.size_bytes) == (count, size)
        with connect("auditor") as connection:
            assert len(landed(connection, json.loads(event(503))["id"], None, None)) == 1


SCALARS = st.one_of(
    st.text(st.characters(codec="utf-8", exclude_characters="\0"), max_size=6),
    st.booleans(),
    st.integers(-(10**20), 10**20),
    st.decimals(-(10**9), 10**9, allow_nan=False, allow_infinity=False, places=4),
)


@settings(max_examples=40, deadline=None)
@given(st.lists(st.dictionaries(st.text('abé"\\', max_size=3), SCALARS, max_size=4), min_size=1, max_size=40))
def test_dimensions_are_written_as_postgres_prints_them(module_warehouse, objects):
    documents = [lake.strict_json.dump(one) for one in objects]
    told = lake.as_postgres_says(pa.chunked_array([pa.array(documents, pa.string())])).to_pylist()
    assert told == [row for (row,) in query(module_warehouse, "select unnest(%s::jsonb[])::text", documents)]


def test_numbers_of_dimensions_are_written_out():
    told = lake.jsonb_text('{"b":1e3,"a":-0.0,"c":1.50,"aa":2.5E-7}')
    assert told == '{"a": 0.0, "b": 1000, "c": 1.50, "aa": 0.00000025}'
    assert json.loads(lake.jsonb_text('{"x":"\\u0001"}')) == {"x": "\x01"}
