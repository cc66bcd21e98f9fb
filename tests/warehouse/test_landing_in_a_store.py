"""A landing place in an object store: the same files give the same tables, and no fault of the store is silent."""

import gzip
import json
import time
from datetime import UTC, datetime

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import zstandard

from ingestion import stores
from ingestion.delivery import discover
from ingestion.landing import LoadFailed, load, load_landing
from ingestion.sources.stripe_api import pull
from tests.unit.scripted_stripe import Account, serving
from tests.warehouse.landed import DAY, by_file, digests, event, put, query, small_landing
from tests.warehouse.object_store import Bucket, Failing, s3


@pytest.fixture(scope="module")
def endpoint():
    with s3() as found:
        yield found


@pytest.fixture
def bucket(endpoint):
    return Bucket(endpoint)


def every_format(landing):
    """The small landing folder, and one file of every other way to write one."""
    small_landing(landing)
    lines = "".join(event(number) for number in range(200, 300)).encode()
    put(landing, "usage/events/g.jsonl.gz", gzip.compress(lines, mtime=0))
    lines = "".join(event(number) for number in range(400, 500)).encode()
    put(landing, "usage/events/z.jsonl.zst", zstandard.compress(lines))
    rows = [json.loads(event(number)) for number in range(300, 400)]
    pq.write_table(pa.Table.from_pylist(rows), put(landing, "usage/events/p.parquet", b""))
    profile = "account: DE1\ncurrency: EUR\nbooking_date_column: Day\namount_column: Sum\nbalance_column: Left\n"
    put(landing, "bank/statements/a.csv", "Day,Sum,Left\n2026-10-27,1.00,3.50\n")
    (landing / "bank" / "statements" / "_profile.yaml").write_text(profile)
    cursor = {"through": "2026-10-28T00:00:00Z"}
    path = put(landing, "stripe/payouts/2026-10-29/p.jsonl", '{"id":"po_1"}\n', complete=False)
    path.with_name("p.jsonl.manifest.json").write_text(json.dumps({"rows": 1, "cursor": cursor}))
    return landing


def test_the_same_files_give_the_same_tables_from_a_store_as_from_a_folder(cluster, tmp_path, bucket):
    url = bucket.copy_of(every_format(tmp_path))
    with cluster.database("tieout_template") as here, cluster.database("tieout_template") as there:
        from_folder = by_file(load_landing(tmp_path, conn_url=here))
        from_store = by_file(load_landing(url, conn_url=there))
        assert from_store == from_folder
        assert {found[0] for found in from_store.values()} == {"loaded"}
        assert digests(there) == digests(here)
        again = load_landing(url, conn_url=there)
        assert {one.status for one in again} == {"already_loaded"}
        # wherever the bytes lie, they are the load they were
        assert {one.status for one in load_landing(tmp_path, conn_url=there)} == {"already_loaded"}


def test_a_listing_of_many_pages_misses_no_file(bucket):
    names = [f"stripe/customers/{DAY}/{number:04}.jsonl" for number in range(1_205)]
    bucket.put_many(names)
    bucket.put(f"stripe/customers/{DAY}/", b"")
    assert [one.label for one in discover(bucket.url)] == names


def test_an_object_that_was_not_written_since_is_not_read_again(warehouse, tmp_path, bucket, monkeypatch):
    url = bucket.copy_of(small_landing(tmp_path))
    before = load_landing(url)
    with monkeypatch.context() as patch:
        patch.setattr(stores.ObjectStore, "_spooled", lambda *_: pytest.fail("read again"))
        assert {one.status for one in load_landing(url)} == {"already_loaded"}
    bucket.put(f"stripe/customers/{DAY}/a.jsonl", b'{"id":"cus_9"}\n')
    assert by_file(load_landing(url))["a.jsonl"] == ("refused", 0, 0, 0, 0, 0, "changed_after_load")
    assert query(warehouse, "select count(*) from ops.loads") == [(len(before),)]


def test_an_object_replaced_while_it_is_read_is_refused_and_loads_the_next_time(
    warehouse, tmp_path, bucket, monkeypatch
):
    key = f"stripe/customers/{DAY}/a.jsonl"
    bucket.put(f"stripe/customers/{DAY}/_SUCCESS", b"")
    bucket.put(key, b'{"id":"cus_1"}\n' * 2)
    stat = stores.ObjectStore.stat

    def replaced_after_the_first_look(store, name):
        found = stat(store, name)
        bucket.put(key, b'{"id":"cus_2"}\n' * 2)
        return found

    with monkeypatch.context() as patch:
        patch.setattr(stores.ObjectStore, "stat", replaced_after_the_first_look)
        (result,) = load_landing(bucket.url)
    assert (result.status, result.reason) == ("refused", "incomplete")
    assert query(warehouse, "select count(*) from raw.stripe__customers") == [(0,)]
    assert [one.status for one in load_landing(bucket.url)] == ["loaded"]
    assert query(warehouse, "select record_id from raw.stripe__customers") == [("cus_2",)]


def test_an_object_replaced_between_its_blocks_is_refused(bucket, monkeypatch):
    monkeypatch.setattr(stores, "BLOCK", 1 << 10)
    key = f"stripe/customers/{DAY}/a.jsonl"
    bucket.put(key, b"a" * (1 << 14))
    (delivery,) = discover(bucket.url)
    digest = stores.hashlib.sha256

    class Replacing:
        def __init__(self):
            self._digest = digest()
            self.hexdigest = self._digest.hexdigest

        def update(self, block):
            self._digest.update(block)
            bucket.put(key, b"b" * (1 << 14))

    monkeypatch.setattr(stores.hashlib, "sha256", Replacing)
    with pytest.raises(stores.FileRefused, match="replaced while it was read"), delivery.fetched():
        pass


@pytest.mark.parametrize("status", [500, 503])
def test_a_store_that_fails_for_a_moment_is_asked_again(warehouse, bucket, monkeypatch, status):
    bucket.put(f"stripe/customers/{DAY}/a.jsonl", b'{"id":"cus_1"}\n')
    bucket.put(f"stripe/customers/{DAY}/_SUCCESS", b"")
    seen = set()

    def once_each(*request):
        first = request not in seen
        seen.add(request)
        return status if first else None

    proxy = Failing(bucket.endpoint, once_each)
    monkeypatch.setenv("AWS_ENDPOINT_URL", proxy.url)
    assert {one.status for one in load_landing(bucket.url)} == {"loaded"}
    proxy.close()


def test_a_store_that_goes_on_failing_fails_the_load_by_name_and_the_next_run_makes_it_whole(
    cluster, warehouse, tmp_path, bucket, monkeypatch
):
    url = bucket.copy_of(small_landing(tmp_path))
    monkeypatch.setattr(stores, "TRIES", 2)
    with cluster.database("tieout_template") as undisturbed:
        load_landing(tmp_path, conn_url=undisturbed)
        expected = digests(undisturbed)
    proxy = Failing(
        bucket.endpoint,
        lambda method, path: 503 if method == "GET" and path.split("?")[0].endswith("/ecb.csv") else None,
    )
    monkeypatch.setenv("AWS_ENDPOINT_URL", proxy.url)
    started = time.monotonic()
    with pytest.raises(LoadFailed, match=r"fx/rates/2026-10-28/ecb\.csv did not load") as failed:
        load_landing(url)
    assert time.monotonic() - started < 60
    statuses = {one.file: one.status for one in failed.value.results}
    assert statuses == {
        "meters.yaml": "loaded",
        "a.csv": "loaded",
        "ecb.csv": "failed",
        "a.jsonl": "not_tried",
        "u.jsonl": "not_tried",
    }
    proxy.close()
    monkeypatch.setenv("AWS_ENDPOINT_URL", bucket.endpoint)
    assert {one.status for one in load_landing(url)} == {"loaded", "already_loaded"}
    assert digests(warehouse) == expected


def test_a_store_that_cannot_be_listed_fails_the_load_and_one_without_the_bucket_is_not_there(bucket, monkeypatch):
    with pytest.raises(FileNotFoundError):
        load_landing("s3://elsewhere/landing")
    with pytest.raises(LoadFailed, match="ftp://here"):
        load_landing("ftp://here/landing")
    monkeypatch.setattr(stores, "TRIES", 1)
    proxy = Failing(bucket.endpoint, lambda *_: 500)
    monkeypatch.setenv("AWS_ENDPOINT_URL", proxy.url)
    with pytest.raises(LoadFailed, match=r"s3://deliveries-\w+/landing cannot be read"):
        load_landing(bucket.url)
    proxy.close()


def test_an_object_is_quiet_when_the_store_says_so(warehouse, bucket, monkeypatch):
    bucket.put(f"stripe/customers/{DAY}/a.jsonl", b'{"id":"cus_1"}\n')
    (delivery,) = discover(bucket.url)
    assert abs(delivery.store.stat(delivery.label).modified - datetime.now(UTC).timestamp()) < 60
    monkeypatch.setenv("TIEOUT_QUIET_SECONDS", "3600")
    assert (delivery.is_announced(), load(delivery).reason) == (False, "incomplete")
    monkeypatch.setenv("TIEOUT_QUIET_SECONDS", "0")
    assert (delivery.is_announced(), load(delivery).status) == (True, "loaded")


@pytest.mark.parametrize(
    "key", ["../../etc/crontab", f"x/y/{DAY}/../../../../z.jsonl", f"x//{DAY}/z.jsonl", "x\\..\\z/y/z.jsonl"]
)
def test_a_key_that_leads_out_of_the_landing_place_is_refused_before_it_is_read(bucket, key):
    store = stores.store_at(bucket.url)
    with pytest.raises(stores.FileRefused) as refused, store.fetched(key):
        pass
    assert refused.value.reason == "outside_landing"


def test_a_key_with_dots_is_a_result_and_not_overlooked(warehouse, bucket):
    bucket.put(f"stripe/customers/{DAY}/../z.jsonl", b"{}")
    (result,) = load_landing(bucket.url)
    assert (result.status, result.reason) == ("refused", "outside_landing")


def test_an_object_larger_than_the_spool_may_be_is_refused(warehouse, bucket, monkeypatch):
    bucket.put(f"stripe/customers/{DAY}/a.jsonl", b'{"id":"cus_1"}\n')
    monkeypatch.setenv("TIEOUT_SPOOL_BYTES", "10")
    (result,) = load_landing(bucket.url)
    assert (result.status, result.reason) == ("refused", "too_large")
    assert "TIEOUT_SPOOL_BYTES" in result.detail


def test_a_pull_into_a_store_delivers_what_it_delivers_into_a_folder_and_goes_on_from_there(
    cluster, tmp_path, bucket, monkeypatch
):
    monkeypatch.setenv("TIEOUT_STATE_DIR", str(tmp_path / "state"))
    account = Account()
    for number in range(3):
        account.put("customers", f"cus_{number}", "customer.created", balance=number)
    with (
        serving(account) as (_, stripe),
        cluster.database("tieout_template") as here,
        cluster.database("tieout_template") as there,
    ):
        for change in range(2):
            account.now += 3600
            account.put("customers", "cus_0", "customer.updated", balance=100 + change)
            account.now += 3600
            now = datetime.fromtimestamp(account.now, UTC)
            for landing, url in ((tmp_path / "folder", here), (bucket.url, there)):
                monkeypatch.setenv("TIEOUT_WAREHOUSE_URL", url)
                (tmp_path / "folder").mkdir(exist_ok=True)
                found = pull(landing, now.date(), stripe, ["events", "customers"], clock=lambda now=now: now)
                assert {one.mode for one in found.objects} == {"feed" if change else "list"}
                assert {one.status for one in load_landing(landing)} <= {"loaded", "already_loaded"}
        assert digests(there) == digests(here)
        assert query(there, "select count(*) from raw.stripe__customers") == [(4,)]
