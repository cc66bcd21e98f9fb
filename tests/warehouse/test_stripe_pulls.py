"""Pulls of Stripe, landed: state and data commit together, and the version read last is the one that counts."""

import json
from datetime import UTC, date, datetime, timedelta

import dagster as dg
import psycopg
import pytest
import time_machine

from ingestion.landing import load_landing
from ingestion.sources import cursors, delivered_file
from ingestion.sources.stripe_api import pull
from orchestration.assets.stripe import stripe as stripe_asset
from orchestration.resources import LandingFolder
from tests.unit.scripted_stripe import CANARY, Account, error, serving

OBJECTS = ["events", "customers", "coupons"]
# What staging makes of raw: macro latest_version.
LATEST = """
    select distinct on (record_id) record_id, payload, is_deleted
    from raw.stripe__{}
    order by record_id, source_updated_at desc nulls last, delivered_on desc, line_no desc, load_id desc
"""


def latest(url, name):
    with psycopg.connect(url) as connection:
        return {row[0]: row[1:] for row in connection.execute(LATEST.format(name))}


def rows(url, query):
    with psycopg.connect(url) as connection:
        return connection.execute(query).fetchall()


@pytest.fixture
def account():
    account = Account()
    for n in range(5):
        account.put("customers", f"cus_{n}", "customer.created", balance=0)
    account.put("coupons", "HALF", "coupon.created", percent_off=50)
    account.now += 3600
    return account


def pull_at(landing, account, stripe, **more):
    now = datetime.fromtimestamp(account.now, UTC)
    return pull(landing, now.date(), stripe, OBJECTS, clock=lambda: now, **more)


def test_the_last_of_several_pulls_of_a_day_counts_wherever_a_record_stands_in_its_file(warehouse, tmp_path, account):
    with serving(account) as (_, stripe):
        pull_at(tmp_path, account, stripe)
        for balance in (1, 2):
            account.now += 1200
            account.put("customers", "cus_0", "customer.updated", balance=balance)  # the last line of the list
            account.now += 1200
            pull_at(tmp_path, account, stripe)
        account.delete("coupons", "HALF", "coupon.deleted")
        account.now += 1200
        pull_at(tmp_path, account, stripe)
    results = load_landing(tmp_path)
    assert {one.status for one in results} == {"loaded"}
    assert len({one.delivered_on for one in results}) == 1
    assert latest(warehouse, "customers")["cus_0"][0]["balance"] == 2
    ((payload, is_deleted),) = latest(warehouse, "coupons").values()
    assert (is_deleted, payload["percent_off"]) == (True, 50)


def test_a_file_without_a_time_of_reading_counts_from_its_delivery_date(warehouse, tmp_path, account):
    with serving(account) as (_, stripe):
        pull_at(tmp_path, account, stripe)
    day = datetime.fromtimestamp(account.now, UTC).date()
    for delivered_on, balance in ((day + timedelta(days=1), 7), (day - timedelta(days=1), 8)):
        target = delivered_file.Target("stripe", "customers", delivered_on, "export.jsonl")
        delivered_file.write(tmp_path, target, [json.dumps({"id": "cus_0", "balance": balance})])
    load_landing(tmp_path)
    assert latest(warehouse, "customers")["cus_0"][0]["balance"] == 7


def test_the_cursor_is_loaded_with_the_events_and_outlives_the_landing(warehouse, tmp_path, account):
    with serving(account) as (_, stripe):
        found = pull_at(tmp_path / "one", account, stripe)
        load_landing(tmp_path / "one")
        query = "select cursor from ops.loads where object = 'events' and cursor is not null"
        assert rows(warehouse, query) == [(found.cursor,)]
        account.now += 60
        again = pull_at(tmp_path / "two", account, stripe)  # another landing of the same warehouse
    assert {one.mode for one in again.objects} == {"feed"}


def test_a_refused_file_moves_no_cursor(warehouse, tmp_path):
    target = delivered_file.Target("stripe", "events", date(2026, 10, 29), "x.jsonl")
    cursor = {"through": "2026-10-29T00:00:00Z"}
    delivered_file.write(tmp_path, target, ["no event"], delivered_file.Description(cursor=cursor))
    assert cursors.latest(tmp_path, "stripe", "events") == cursor
    manifest = tmp_path / (target.label + delivered_file.MANIFEST)
    manifest.write_text(manifest.read_text().replace('"rows": 1', '"rows": 2'))
    assert [one.status for one in load_landing(tmp_path)] == ["refused"]
    assert cursors.latest(tmp_path, "stripe", "events") is None


def run_of_today(landing, today):
    instance = dg.DagsterInstance.ephemeral()
    found = dg.materialize(
        [stripe_asset],
        instance=instance,
        partition_key=today.isoformat(),
        resources={"landing_folder": LandingFolder(path=str(landing))},
        raise_on_error=False,
    )
    log = "\n".join(str(record) for record in instance.all_logs(found.run_id))
    return found, log


@pytest.fixture
def asking(monkeypatch):
    def configure(stripe):
        monkeypatch.setenv("TIEOUT_STRIPE_API_KEY", CANARY)
        monkeypatch.setenv("TIEOUT_STRIPE_API_BASE", stripe.api_base)
        monkeypatch.setenv("TIEOUT_STRIPE_ATTEMPTS", "1")

    return configure


def test_the_partition_of_today_is_pulled_before_it_is_loaded(warehouse, tmp_path, account, asking):
    today = datetime.now(UTC).date()
    with serving(account) as (api, stripe):
        asking(stripe)
        found, log = run_of_today(tmp_path, today)
        assert found.success
        asked = len(api.asked)
        assert run_of_today(tmp_path, today - timedelta(days=1))[0].success
        assert len(api.asked) == asked  # what is past is loaded and not asked for
    metadata = found.asset_materializations_for_node("raw__stripe")[0].metadata
    assert metadata["pulled_by_list"].value == 20
    assert metadata["pulled_rows"].value == 12
    assert set(latest(warehouse, "customers")) == {f"cus_{n}" for n in range(5)}
    assert CANARY not in log


def test_what_stripe_refuses_fails_the_run_after_what_was_delivered_is_loaded(warehouse, tmp_path, asking):
    today = datetime.now(UTC).date()
    target = delivered_file.Target("stripe", "customers", today, "export.jsonl")
    delivered_file.write(tmp_path, target, ['{"id": "cus_file"}'])
    with serving(lambda *_: error(403, f"The key {CANARY[:6]}*** may not read this")) as (_, stripe):
        asking(stripe)
        found, log = run_of_today(tmp_path, today)
    assert not found.success
    assert "HTTP 403" in log
    assert CANARY not in log
    assert set(latest(warehouse, "customers")) == {"cus_file"}


def test_the_key_stands_nowhere_after_a_pull(warehouse, tmp_path, account):
    with serving(account) as (_, stripe), time_machine.travel(account.now):
        pull(tmp_path, date(2026, 10, 29), stripe)
    load_landing(tmp_path)
    for path in tmp_path.rglob("*"):
        assert not path.is_file() or CANARY.encode() not in path.read_bytes(), path
    assert CANARY not in str(rows(warehouse, "select * from ops.loads"))
