"""The NetSuite source against an account on this machine: nothing is lost or doubled, every fault ends or is named."""

import contextlib
import json
import logging
import re
import time
from datetime import UTC, date, datetime
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from ingestion.sources.netsuite_api import OBJECTS, NetSuitePullFailed, NetSuiteSettings, pull
from ingestion.timestamps import instant
from tests.protocol_servers.netsuite import REALM, SECRETS, Account
from tests.protocol_servers.serving import Fault, serving

DAY = date(2026, 10, 29)
BUSY = json.dumps({"status": 429, "o:errorDetails": [{"o:errorCode": "CONCURRENCY_LIMIT_EXCEEDED", "detail": "busy"}]})


@pytest.fixture
def account():
    with serving(Account()) as served:
        yield served


def configured(served, **changes) -> NetSuiteSettings:
    return NetSuiteSettings(
        **{
            "account": REALM,
            "consumer_key": SECRETS["oauth_consumer_key"],
            "consumer_secret": SECRETS["consumer_secret"],
            "token_id": SECRETS["oauth_token"],
            "token_secret": SECRETS["token_secret"],
            "timezone": served.zone.key,
            "api_base": served.address,
            "page_rows": 3,
            "part_rows": 4,
            "attempts": 3,
            "longest_wait_seconds": 0.01,
            "max_pages": 200,
            **changes,
        }
    )


def taken(landing, account, name="transaction", *, full=False, **changes):
    (result,) = pull(landing, DAY, configured(account, **changes), [name], full=full)
    return result


def rows(landing, name="transaction") -> list[dict[str, str]]:
    """Every delivered item, in the order of delivery."""
    found = []
    for path in sorted((landing / "erp" / name).rglob("api-*.jsonl")):
        part = [json.loads(line) for line in path.read_text().splitlines()]
        assert len(part) == json.loads(path.with_name(path.name + ".manifest.json").read_text())["rows"]
        found += part
    return found


def latest(landing, name="transaction") -> dict[str, dict[str, str]]:
    """The last version of each record, by its time of change as the warehouse orders them."""
    found: dict[str, dict[str, str]] = {}
    for row in rows(landing, name):
        old = found.get(row["id"])
        if old is None or instant(row["lastmodifieddate"]) >= instant(old["lastmodifieddate"]):
            found[row["id"]] = row
    return found


def alive(landing) -> dict[str, str | None]:
    """Memos of the transactions that are not deleted."""
    return {key: row.get("memo") for key, row in latest(landing).items() if row.get("isdeleted") != "T"}


def alive_lines(landing) -> dict[tuple[str, str], str]:
    """Amounts of the lines that stand: last read with the newest reading of a transaction that is not deleted."""
    newest: dict[str, datetime] = {}
    last: dict[tuple[str, str], tuple[datetime, str]] = {}
    for row in rows(landing, "transactionline"):
        read_with = instant(row["transactionlastmodifieddate"])
        newest[row["transaction"]] = max(newest.get(row["transaction"], read_with), read_with)
        key = (row["transaction"], row["id"])
        if key not in last or read_with >= last[key][0]:
            last[key] = (read_with, row["foreignamount"])
    standing = alive(landing)
    return {
        key: amount for key, (read_with, amount) in last.items() if read_with == newest[key[0]] and key[0] in standing
    }


def truth(account) -> dict[str, str | None]:
    return {str(key): memo for key, memo in account.database.execute('select id, memo from "transaction"')}


def true_lines(account) -> dict[tuple[str, str], str]:
    found = account.database.execute('select "transaction", id, foreignamount from transactionline')
    return {(str(transaction), str(line)): amount for transaction, line, amount in found}


def fill(account, count=8):
    for number in range(1, count + 1):
        account.invoice(number, [f"{number}.00", f"{number}.50"], memo=f"invoice {number}")
    account.passes(minutes=5)


def queries(account) -> list[str]:
    return [json.loads(request.body)["q"] for request in account.asked]


def test_every_page_is_followed_by_key_and_kept_as_it_came(account, tmp_path):
    fill(account)
    account.put(
        "transaction", {"id": 20}, type="CustInvc", memo='say "so"\nagain', foreigntotal="1.10", trandate="2026-10-29"
    )
    account.passes(minutes=5)
    result = taken(tmp_path, account)
    assert (result.rows, result.reach, len(result.files)) == (9, "all", 3)
    last = latest(tmp_path)["20"]
    assert last == {
        "links": [],
        "id": "20",
        "type": "CustInvc",
        "memo": 'say "so"\nagain',
        "foreigntotal": "1.10",
        "trandate": "2026-10-29",
        "createddate": "2026-10-29 05:05:00-07:00",
        "lastmodifieddate": "2026-10-29 05:05:00-07:00",
    }
    assert {request.params["offset"] for request in account.asked} == {"0"}
    assert all("ORDER BY t.id" in query for query in queries(account)[1:])
    manifest = json.loads(Path(f"{result.files[-1]}.manifest.json").read_text())
    assert (manifest["api_version"], manifest["cursor"]["through"]) == ("query/v1", "2026-10-29T12:05:00Z")


def test_every_object_can_be_asked_for(account, tmp_path):
    fill(account, 2)
    account.put("customer", {"id": 1}, entityid="C1", email="canary@example.com")
    account.passes(minutes=5)
    results = pull(tmp_path, DAY, configured(account))
    assert [result.object for result in results] == list(OBJECTS)
    assert {result.object: result.rows for result in results if result.rows} == {
        "customer": 1,
        "transaction": 2,
        "transactionline": 4,
        "transactionaccountingline": 4,
    }
    assert "email" not in rows(tmp_path, "customer")[0]
    assert not [path for path in tmp_path.rglob("api-*") if "canary" in path.read_text()]


def test_only_what_changed_since_the_day_before_is_asked_for(account, tmp_path):
    fill(account)
    taken(tmp_path, account)
    account.passes(days=5)
    account.put("transaction", {"id": 3}, memo="changed")
    account.invoice(9, ["1"], memo="new")
    account.passes(minutes=5)
    assert taken(tmp_path, account).reach == "changes"
    assert "t.lastmodifieddate >= TO_DATE('2026-10-28', 'YYYY-MM-DD')" in queries(account)[-3]
    account.passes(days=3)
    assert taken(tmp_path, account).rows == 2
    assert alive(tmp_path) == truth(account)


@pytest.mark.parametrize("zone", ["America/Los_Angeles", "Pacific/Apia", "Asia/Kolkata", "UTC"])
@pytest.mark.parametrize("hour", [0, 6, 7, 8, 10, 11, 18, 23])
def test_a_change_just_before_or_after_midnight_of_the_account_is_not_lost(tmp_path, zone, hour):
    with serving(Account(zone)) as account:
        account.clock = datetime(2026, 10, 31, hour, 58, tzinfo=UTC)
        account.invoice(1, ["1"], memo="before")
        account.passes(seconds=100)
        taken(tmp_path, account)
        account.put("transaction", {"id": 1}, memo="after the pull, the same minute")
        account.invoice(2, ["1"], memo="new")
        account.passes(minutes=2)
        taken(tmp_path, account)
        assert alive(tmp_path) == truth(account)
        assert instant(latest(tmp_path)["2"]["lastmodifieddate"]) == datetime(2026, 10, 31, hour, 59, 40, tzinfo=UTC)


def test_in_the_hour_a_clock_change_repeats_the_later_change_stays_the_later(account, tmp_path):
    account.clock = datetime(2026, 11, 1, 8, 50, tzinfo=UTC)  # 01:50, the first time
    account.invoice(1, ["1"], memo="first")
    account.passes(minutes=3)
    taken(tmp_path, account)
    account.passes(minutes=20)  # 01:13, the second time
    account.put("transaction", {"id": 1}, memo="second")
    account.passes(minutes=3)
    taken(tmp_path, account)
    first, second = rows(tmp_path)
    assert (first["lastmodifieddate"], second["lastmodifieddate"]) == (
        "2026-11-01 01:50:00-07:00",
        "2026-11-01 01:13:00-08:00",
    )
    assert alive(tmp_path) == {"1": "second"}


def test_two_changes_within_one_second_end_with_the_second(account, tmp_path):
    fill(account)
    account.put("transaction", {"id": 1}, memo="first")
    taken(tmp_path, account)
    account.put("transaction", {"id": 1}, memo="second")
    account.passes(minutes=5)
    taken(tmp_path, account)
    assert alive(tmp_path) == truth(account)
    assert "first" not in {row["memo"] for row in rows(tmp_path)}


def test_a_deleted_record_arrives_as_its_id_and_the_time(account, tmp_path):
    fill(account)
    account.put("customer", {"id": 3}, entityid="C3")
    account.passes(minutes=5)
    pull(tmp_path, DAY, configured(account), ["customer", "transaction"])
    account.passes(days=2)
    account.delete("transaction", 3, "invoice")
    account.passes(minutes=5)
    customers, transactions = pull(tmp_path, DAY, configured(account), ["customer", "transaction"])
    assert (customers.gone, transactions.gone) == (0, 1)
    assert latest(tmp_path)["3"] == {
        "id": "3",
        "type": "invoice",
        "isdeleted": "T",
        "lastmodifieddate": "2026-10-31 05:10:00-07:00",
    }
    assert alive(tmp_path) == truth(account)


def test_asking_for_everything_still_brings_what_was_deleted(account, tmp_path):
    fill(account)
    taken(tmp_path, account)
    account.passes(days=5)
    account.delete("transaction", 3, "invoice")
    account.passes(days=5)
    result = taken(tmp_path, account, full=True)
    assert (result.rows, result.gone, result.reach) == (8, 1, "all")
    assert alive(tmp_path) == truth(account)


def test_a_role_without_the_list_of_deleted_records_is_told_so(account, tmp_path):
    fill(account)
    taken(tmp_path, account)
    account.database.execute("drop table deletedrecord")
    with pytest.raises(NetSuitePullFailed, match=r"permission Deleted Records.*INVALID_PARAMETER"):
        taken(tmp_path, account)
    assert taken(tmp_path, account, deletions=False).gone == 0


def test_the_lines_of_a_changed_transaction_come_whole_and_one_that_left_is_gone(account, tmp_path):
    fill(account)
    both = ["transaction", "transactionline"]
    pull(tmp_path, DAY, configured(account), both)
    account.passes(days=3)
    account.invoice(2, ["7.77"])
    account.invoice(3, ["3.00", "3.50", "3.75"])
    account.delete("transaction", 4, "invoice")
    account.passes(minutes=5)
    pull(tmp_path, DAY, configured(account), both)
    assert alive_lines(tmp_path) == true_lines(account)
    assert ("2", "2") not in alive_lines(tmp_path)


def test_a_line_that_changed_without_its_transaction_comes_too(account, tmp_path):
    fill(account)
    both = ["transaction", "transactionline"]
    pull(tmp_path, DAY, configured(account), both)
    account.passes(days=3)
    account.put("transactionline", {"transaction": 5, "id": 2}, foreignamount="9.99")
    account.passes(minutes=5)
    pull(tmp_path, DAY, configured(account), both)
    assert alive_lines(tmp_path) == true_lines(account)


def test_a_transaction_is_never_cut_between_two_files(account, tmp_path):
    account.invoice(1, [f"{n}.00" for n in range(10)])
    account.invoice(2, ["1", "2"])
    account.passes(minutes=5)
    result = taken(tmp_path, account, "transactionline", part_rows=3)
    of_files = [
        {json.loads(line)["transaction"] for line in Path(one).read_text().splitlines()} for one in result.files
    ]
    assert of_files == [{"1"}, {"2"}]


def test_a_transaction_that_changes_between_two_pages_is_read_again_whole(account, tmp_path):
    account.invoice(1, [f"{n}.00" for n in range(5)])
    account.passes(minutes=5)

    def change(request):
        if "t.transaction > 1" in request.body and len(true_lines(account)) == 5:
            account.clock -= account.clock - datetime(2026, 10, 29, 12, 1, tzinfo=UTC)
            account.invoice(1, ["0.50", "1.50", "2.50", "3.50"])
            account.passes(minutes=4)

    account.before = change
    pull(tmp_path, DAY, configured(account), ["transaction", "transactionline"])
    assert alive_lines(tmp_path) == true_lines(account)
    assert {row["transactionlastmodifieddate"] for row in rows(tmp_path, "transactionline")} == {
        "2026-10-29 05:01:00-07:00"
    }


def test_records_that_come_and_go_between_pages_move_no_other(account, tmp_path):
    fill(account, 12)
    account.passes(minutes=5)

    def change(request):
        if "t.id > 6" in request.body and "3" in truth(account):
            account.delete("transaction", 3, "invoice")
            account.delete("transaction", 5, "invoice")
            account.invoice(13, ["1"], memo="new")

    account.before = change
    taken(tmp_path, account)
    assert set(truth(account)) - {"13"} <= set(alive(tmp_path))
    account.passes(minutes=5)
    taken(tmp_path, account)
    assert alive(tmp_path) == truth(account)


@pytest.mark.parametrize(
    ("name", "skip"), [*(("transaction", skip) for skip in range(4)), *(("transactionline", skip) for skip in range(7))]
)
def test_an_interrupted_pull_ends_with_what_an_undisturbed_one_has(account, tmp_path, name, skip):
    fill(account)
    taken(tmp_path / "whole", account, name)
    account.faults = [Fault("suiteql", status=500, skip=skip, times=3)]
    with pytest.raises(NetSuitePullFailed):
        taken(tmp_path / "broken", account, name)
    asked = len(account.asked)
    parts = len(list((tmp_path / "broken").rglob("api-*.jsonl")))
    taken(tmp_path / "broken", account, name)
    assert sorted(map(str, rows(tmp_path / "broken", name))) == sorted(map(str, rows(tmp_path / "whole", name)))
    if parts:
        assert "> " in json.loads(account.asked[asked].body)["q"]


@pytest.mark.parametrize(("status", "body"), [(429, BUSY), (500, "oops"), (503, "<html>maintenance</html>")])
def test_a_passing_fault_is_tried_again(account, tmp_path, status, body):
    fill(account)
    account.faults = [Fault("suiteql", status=status, body=body, skip=2, times=2)]
    taken(tmp_path, account)
    assert alive(tmp_path) == truth(account)


def test_a_fault_that_stays_is_named_after_a_bounded_number_of_tries(account, tmp_path):
    account.faults = [Fault("suiteql", status=429, body=BUSY, times=99)]
    with pytest.raises(
        NetSuitePullFailed, match=r"transaction, page 0: HTTP 429 CONCURRENCY_LIMIT_EXCEEDED: busy \(3 tri"
    ):
        taken(tmp_path, account)
    assert len(account.asked) == 3


@pytest.mark.parametrize("kind", ["cut", "short", "drop"])
def test_a_body_cut_on_its_way_is_asked_for_again(account, tmp_path, kind):
    fill(account)
    account.faults = [Fault("suiteql", kind=kind, by=9, skip=2, times=2)]
    taken(tmp_path, account)
    assert alive(tmp_path) == truth(account)


@pytest.mark.parametrize("kind", ["hang", "drip"])
def test_a_source_that_hangs_is_named_in_time(account, tmp_path, kind):
    fill(account)
    account.faults = [Fault("suiteql", kind=kind, skip=1, times=9)]
    began = time.monotonic()
    with pytest.raises(NetSuitePullFailed, match=r"page 1: no whole answer within 0.3 s \(2 tries\)"):
        taken(tmp_path, account, timeout_seconds=0.3, attempts=2)
    assert time.monotonic() - began < 5


@pytest.mark.parametrize(
    "page",
    [
        {"items": [], "count": 0, "hasMore": True, "totalResults": 5},
        {"items": [{"id": "1"}], "count": 2, "hasMore": False},
        {"items": [{"id": "1"}], "count": 1, "hasMore": False, "totalResults": 7},
        {"count": 0, "hasMore": False},
        {"items": [], "count": 0},
        [],
    ],
)
def test_a_page_that_cannot_be_right_is_a_failure(account, tmp_path, page):
    account.faults = [Fault("suiteql", status=200, body=json.dumps(page), skip=1, times=9)]
    with pytest.raises(NetSuitePullFailed, match="the page cannot be read whole"):
        taken(tmp_path, account)
    assert not list(tmp_path.rglob("api-*"))


def test_rows_out_of_order_are_a_failure(account, tmp_path):
    page = {"items": [{"id": "2"}, {"id": "1"}], "count": 2, "hasMore": False, "totalResults": 2}
    account.faults = [Fault("suiteql", status=200, body=json.dumps(page), skip=1)]
    with pytest.raises(NetSuitePullFailed, match="not in the order of id"):
        taken(tmp_path, account)


def test_pages_without_end_are_a_failure(account, tmp_path):
    fill(account)
    with pytest.raises(NetSuitePullFailed, match="more than 2 pages"):
        taken(tmp_path, account, max_pages=2)


def test_a_query_netsuite_does_not_take_is_named_with_its_error(account, tmp_path):
    with pytest.raises(NetSuitePullFailed, match=r"HTTP 400 INVALID_PARAMETER: Invalid search query.*custcol_nothere"):
        taken(tmp_path, account, "transactionline", custom_columns={"transactionline": ["custcol_nothere"]})


def test_columns_of_the_account_s_own_come_and_a_new_one_brings_everything_again(account, tmp_path):
    fill(account)
    account.put("transactionline", {"transaction": 1, "id": 1}, custcol_order_item="802000000000001")
    account.passes(days=5)
    taken(tmp_path, account, "transactionline")
    assert taken(tmp_path, account, "transactionline").reach == "changes"
    own = {"transactionline": ["custcol_order_item"]}
    result = taken(tmp_path, account, "transactionline", custom_columns=own)
    assert (result.reach, result.rows) == ("all", 16)
    assert "802000000000001" in {row.get("custcol_order_item") for row in rows(tmp_path, "transactionline")}


def test_an_interrupted_pull_is_not_resumed_with_other_columns(account, tmp_path):
    fill(account)
    for number in range(1, 9):
        account.put("transactionline", {"transaction": number, "id": 1}, custcol_order_item=f"80200000000000{number}")
    account.passes(days=5)
    account.faults = [Fault("suiteql", status=500, skip=4, times=3)]
    with pytest.raises(NetSuitePullFailed):
        taken(tmp_path, account, "transactionline")
    assert rows(tmp_path, "transactionline")
    own = {"transactionline": ["custcol_order_item"]}
    assert taken(tmp_path, account, "transactionline", custom_columns=own).rows == 16


@pytest.mark.parametrize("own", [{"customer": ["custentity_email"]}, {"customer": ["email"]}, {"unicorn": []}])
def test_a_column_of_personal_data_cannot_be_asked_for(account, own):
    with pytest.raises(ValidationError):
        configured(account, custom_columns=own)


@pytest.mark.parametrize("wrong", ["consumer_secret", "token_secret", "consumer_key", "token_id", "account"])
def test_a_wrong_credential_is_named_and_no_secret_is_told(account, tmp_path, caplog, wrong):
    caplog.set_level(logging.DEBUG)
    made = configured(account, **{wrong: "wrong"})
    with pytest.raises(NetSuitePullFailed, match=r"HTTP 401 INVALID_LOGIN: .*is this machine's clock") as caught:
        pull(tmp_path, DAY, made, ["transaction"])
    assert len(account.asked) == 1
    assert "canary" not in f"{caught.value} {caught.value.__cause__} {made!r} {caplog.text}"


def test_an_answer_that_repeats_a_secret_is_told_without_it(account, tmp_path):
    echo = json.dumps({"o:errorDetails": [{"o:errorCode": "X", "detail": " ".join(SECRETS.values())}]})
    account.faults = [Fault("suiteql", status=403, body=echo)]
    with pytest.raises(NetSuitePullFailed, match=r"X: \*\*\* \*\*\* \*\*\* \*\*\*") as caught:
        taken(tmp_path, account)
    assert "canary" not in str(caught.value)


def test_the_address_and_the_realm_of_a_sandbox(account):
    made = configured(account, api_base=None, account="1234567-sb1")
    assert made.address == "https://1234567-sb1.suitetalk.api.netsuite.com/services/rest/query/v1/suiteql"
    assert made.realm == "1234567_SB1"
    with pytest.raises(ValidationError, match="time zone"):
        configured(account, timezone="Mars/Olympus")


def test_no_query_holds_what_came_from_outside(account, tmp_path):
    page = {"items": [{"id": "1 or 1=1"}], "count": 1, "hasMore": True, "totalResults": 2}
    account.faults = [Fault("suiteql", status=200, body=json.dumps(page), skip=1)]
    with pytest.raises(NetSuitePullFailed, match="no whole number"):
        taken(tmp_path, account)
    assert not [query for query in queries(account) if re.search(r"1=1", query)]


STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("invoice"), st.integers(1, 5)),
        st.tuples(st.just("line"), st.integers(1, 5)),
        st.tuples(st.just("delete"), st.integers(1, 5)),
        st.tuples(st.just("wait"), st.sampled_from([0, 1, 30, 61, 3_600, 90_000, 300_000])),
        st.tuples(st.just("pull"), st.just(0)),
        st.tuples(st.just("interrupt"), st.integers(0, 8)),
    ),
    max_size=25,
)
BOTH = ["transaction", "transactionline"]


def take(account, landing, step, counter, deleted):
    """One step of a history; NetSuite gives an id once."""
    kind, value = step
    present = str(value) in truth(account)
    if kind == "invoice" and value not in deleted:
        account.invoice(value, [f"{counter}.{line}" for line in range(counter % 4 + 1)], memo=f"version {counter}")
    elif kind == "line" and present:
        account.put("transactionline", {"transaction": value, "id": 1}, foreignamount=f"{counter}.99")
    elif kind == "delete" and present:
        deleted.add(value)
        account.delete("transaction", value, "invoice")
    elif kind == "wait":
        account.passes(seconds=value)
    elif kind == "pull":
        pull(landing, DAY, configured(account), BOTH)
    elif kind == "interrupt":
        account.faults = [Fault("suiteql", status=500, skip=value, times=1)]
        with contextlib.suppress(NetSuitePullFailed):
            pull(landing, DAY, configured(account, attempts=1, part_rows=1, page_rows=2), BOTH)
        account.faults = []


@given(steps=STEPS, hour=st.integers(0, 23))
@settings(max_examples=20, deadline=None)
def test_whatever_happens_between_pulls_the_last_pull_knows_the_truth(tmp_path_factory, steps, hour):
    landing = tmp_path_factory.mktemp("history")
    deleted: set[int] = set()
    with serving(Account()) as account:
        account.clock = datetime(2026, 10, 31, hour, 0, tzinfo=UTC)  # the clocks change in the night that follows
        pull(landing, DAY, configured(account), BOTH)
        for counter, step in enumerate(steps):
            take(account, landing, step, counter, deleted)
        account.passes(minutes=3)
        for _ in range(2):  # the first may end an interrupted pull
            pull(landing, DAY, configured(account), BOTH)
            account.passes(minutes=3)
        assert alive(landing) == truth(account)
        assert alive_lines(landing) == true_lines(account)
