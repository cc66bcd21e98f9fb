"""A lake in an object store as DuckDB reads it: the rows of the objects, or an error that names one of them."""

from __future__ import annotations

import hashlib
import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import date
from types import SimpleNamespace

import duckdb
import pytest

from ingestion.lake import LakeFile
from ingestion.stores import ObjectStore, Opened, Stat, StoreFailed, store_at
from orchestration.lake import objects, state
from orchestration.lake.state import LakeUnreadable
from tests.warehouse.object_store import Bucket, Failing, s3

ROWS = 300_000
FILES = 3
SUMS = "select count(*), sum(line_no), sum(quantity), min(known), max(known), count(distinct occurred_on) from {events}"
EVENTS = "raw.usage__events"


@pytest.fixture(scope="module")
def endpoint():
    with s3() as found:
        yield found


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """A lake of three files with several row groups each."""
    place = tmp_path_factory.mktemp("lake")
    for day in range(1, FILES + 1):
        file = place / f"raw/usage__events/delivered_on=2026-05-09/occurred_on=2026-05-0{day}/load.parquet"
        file.parent.mkdir(parents=True)
        duckdb.sql(
            f"copy (select range as line_no, cast(hash(range + {day}) % 1000000 as decimal(38, 9)) as quantity, "
            f"'k' || hash(range * {day}) as known from range({ROWS})) "
            f"to '{file}' (format parquet, compression zstd, row_group_size 20000)"
        )
    return place


@pytest.fixture
def bucket(endpoint, folder, monkeypatch):
    found = Bucket(endpoint)
    monkeypatch.setenv("TIEOUT_LAKE", found.copy_of(folder))
    return found


@pytest.fixture
def database(tmp_path):
    return tmp_path / "usage.duckdb"


def listed(folder):
    return SimpleNamespace(
        files=[
            LakeFile(
                date(2026, 5, 1),
                file.relative_to(folder).as_posix(),
                ROWS,
                file.stat().st_size,
                hashlib.sha256(file.read_bytes()).hexdigest(),
            )
            for file in sorted(folder.rglob("*.parquet"))
        ],
        of_loads=[],
    )


def sums(database, url, threads=4):
    """What dbt's connection finds in the file."""
    with duckdb.connect(database, config={"threads": threads}) as session:
        objects.register(session, store_at(url))
        return session.execute(SUMS.format(events=EVENTS)).fetchone()


def test_the_rows_of_a_bucket_are_those_of_a_folder(bucket, folder, database, monkeypatch):
    state.show_events(database, listed(folder))
    from_bucket = [sums(database, bucket.url, threads) for threads in (1, 4)]
    monkeypatch.setenv("TIEOUT_LAKE", str(folder))
    state.show_events(database, listed(folder))
    with duckdb.connect(database) as session:
        from_folder = session.execute(SUMS.format(events=EVENTS)).fetchone()
    assert from_bucket == [from_folder] * 2
    assert from_folder[0] == ROWS * FILES


def test_only_a_lake_in_a_store_makes_dbt_load_its_client(bucket, folder, monkeypatch):
    assert "dbt_plugin" in state.variables()["TIEOUT_DUCKDB_PLUGINS"]
    monkeypatch.setenv("TIEOUT_LAKE", str(folder))
    assert state.variables() == {}


def test_an_object_that_is_gone_or_has_other_bytes_is_named_before_anything_is_built(bucket, folder, database):
    one, other, _ = (file.path for file in listed(folder).files)
    content = bucket.take_away(other)
    with pytest.raises(LakeUnreadable, match=f"{bucket.url}/{other} is gone: restore the file"):
        state.look_for(database, listed(folder))
    bucket.put(other, content)
    state.remember(database, state.look_for(database, listed(folder)))
    content = (folder / one).read_bytes()
    bucket.put(one, content[:100] + bytes([content[100] ^ 1]) + content[101:])
    with pytest.raises(LakeUnreadable, match=rf"{one} has other bytes than were written: restore the file"):
        state.look_for(database, listed(folder))


def test_an_object_is_hashed_once(bucket, folder, database, monkeypatch):
    state.remember(database, state.look_for(database, listed(folder)))
    monkeypatch.setattr(ObjectStore, "fetched", lambda *_: pytest.fail("read again"))
    assert len(state.look_for(database, listed(folder))) == FILES


def test_a_bucket_that_is_not_there_stops_the_build(folder, endpoint, database, monkeypatch):
    monkeypatch.setenv("TIEOUT_LAKE", "s3://no-such-bucket/lake")
    with pytest.raises(LakeUnreadable, match=r"nothing was taken over"):
        state.look_for(database, listed(folder))


def test_an_object_that_goes_while_a_build_runs_is_named_with_the_remedy(bucket, folder, database):
    state.show_events(database, listed(folder))
    last = listed(folder).files[-1].path
    bucket.take_away(last)
    with pytest.raises(Exception, match=f"{bucket.url}/{last} is gone: restore it from a copy"):
        sums(database, bucket.url)


def test_an_object_that_is_replaced_while_it_is_read_is_told_and_never_mixed(bucket, folder):
    key = listed(folder).files[0].path
    content = (folder / key).read_bytes()
    file = objects.LakeObjects(store_at(bucket.url)).open(f"{bucket.url}/{key}")
    assert file.read(4) == b"PAR1"
    bucket.put(key, content[:4] + bytes(len(content) - 4))
    with pytest.raises(StoreFailed, match=rf"{key} was removed or replaced while it was read: restore it"):
        file.read(4)


def test_a_store_that_fails_for_a_moment_is_asked_again(bucket, folder, database, monkeypatch):
    state.show_events(database, listed(folder))
    expected = sums(database, bucket.url)
    seen = set()

    def once_each(*request):
        first = request not in seen
        seen.add(request)
        return 503 if first else None

    proxy = Failing(bucket.endpoint, once_each)
    monkeypatch.setenv("AWS_ENDPOINT_URL", proxy.url)
    assert sums(database, bucket.url) == expected
    assert seen
    proxy.close()


def test_a_store_that_does_not_answer_stops_the_build(bucket, folder, database, monkeypatch):
    proxy = Failing(bucket.endpoint, lambda *_: 403)
    monkeypatch.setenv("AWS_ENDPOINT_URL", proxy.url)
    with pytest.raises(LakeUnreadable, match=rf"read: {bucket.url}/.*load.parquet .*Forbidden; nothing was taken over"):
        state.show_events(database, listed(folder))
    proxy.close()


def test_threads_that_read_one_file_do_not_move_each_other():
    both = threading.Barrier(2)
    content = bytes(range(100))
    file = objects.Positioned("a", Opened(Stat(100, 0, ""), lambda start, end: content[start:end]))

    def read_at(start):
        file.seek(start)
        both.wait(10)
        first = file.read(10)
        both.wait(10)
        return first + file.read(10), file.tell()

    with ThreadPoolExecutor(2) as pool:
        assert list(pool.map(read_at, (0, 50))) == [(content[:20], 20), (content[50:70], 70)]


def test_an_answer_that_is_too_short_is_an_error():
    file = objects.Positioned("s3://b/a", Opened(Stat(100, 0, ""), lambda *_: b"123"))
    with pytest.raises(StoreFailed, match="s3://b/a: 4 bytes were asked for and 3 given; build again"):
        file.read(4)


def test_an_object_of_google_is_read_as_the_generation_that_was_opened(bucket, monkeypatch):
    asked = []
    store = store_at(bucket.url)
    details = {"type": "file", "size": 3, "LastModified": SimpleNamespace(timestamp=lambda: 0), "generation": "17"}
    google = SimpleNamespace(
        invalidate_cache=lambda: None,
        open=lambda *_, **__: SimpleNamespace(details=details),
        cat_file=lambda name, **told: asked.append((name, told)) or b"123",
    )
    monkeypatch.setattr(store, "_files", google)
    assert store.opened("a").part(0, 3) == b"123"
    assert asked == [(f"{bucket.name}/landing/a", {"start": 0, "end": 3, "generation": "17"})]
