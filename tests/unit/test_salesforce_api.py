"""The Salesforce source against an org on this machine: nothing is lost or doubled, every fault ends or is named."""

import contextlib
import csv
import json
import logging
import time
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from ingestion.records import BadRecord
from ingestion.sources import salesforce_api
from ingestion.sources.crm import long_id
from ingestion.sources.delivered_file import WorkBusy, sole_worker, work_folder
from ingestion.sources.salesforce_api import SalesforcePullFailed, SalesforceSettings, pull
from ingestion.timestamps import instant
from tests.protocol_servers.salesforce import KEY, PASSWORD, SECRET, TOKEN, USER, Org, id_of
from tests.protocol_servers.serving import Fault, serving

DAY = date(2026, 10, 29)


@pytest.fixture
def org():
    with serving(Org()) as served:
        yield served


def configured(org, **changes) -> SalesforceSettings:
    return SalesforceSettings(
        **{
            "domain": "acme.my",
            "consumer_key": KEY,
            "consumer_secret": SECRET,
            "api_base": org.address,
            "api": "bulk",
            "page_rows": 3,
            "poll_seconds": 0,
            "attempts": 3,
            "longest_wait_seconds": 0.01,
            "max_pages": 50,
            **changes,
        }
    )


def accounts(landing, org, *, full=False, **changes):
    (result,) = pull(landing, DAY, configured(org, **changes), ["Account"], full=full)
    return result


def rows(landing, name="Account") -> list[dict[str, str]]:
    """Every delivered row, in the order of delivery."""
    found = []
    for path in sorted((landing / "crm" / name).rglob("api-*.csv")):
        with path.open(newline="", encoding="utf-8") as file:
            part = list(csv.DictReader(file, strict=True))
        assert len(part) == json.loads(path.with_name(path.name + ".manifest.json").read_text())["rows"]
        found += part
    return found


def latest(landing, name="Account") -> dict[str, dict[str, str]]:
    """The last version of each record, by its time of change as the warehouse orders them."""
    found = {}
    for row in rows(landing, name):
        key = long_id(row["Id"])
        if key not in found or instant(row["SystemModstamp"]) >= instant(found[key]["SystemModstamp"]):
            found[key] = row
    return found


def alive(landing) -> dict[str, str]:
    """Names of the records that are not deleted."""
    return {key: row["Name"] for key, row in latest(landing).items() if row["IsDeleted"] == "false"}


def truth(org) -> dict[str, str]:
    return {key: row["Name"] for key, row in org.rows["Account"].items() if row["IsDeleted"] == "false"}


def fill(org, count=8):
    for number in range(count):
        org.put("Account", number, Name=f"Account {number}")
    org.passes(minutes=5)


def asked_of(org, part) -> list[str]:
    return [request.url for request in org.asked if part in request.url]


def test_every_page_of_a_bulk_result_is_a_file_word_for_word(org, tmp_path):
    org.put("Account", 1, Name='Ann "and", sons\nsecond line', Website=None)
    fill(org, 7)
    org.put("Account", 7, Name="1.50E7")
    org.passes(minutes=5)
    result = accounts(tmp_path, org)
    assert (result.rows, result.pages, result.via, result.reach, len(result.files)) == (8, 3, "bulk", "all", 3)
    text = Path(result.files[0]).read_text("utf-8")
    assert text.splitlines()[0].startswith('"Id","IsDeleted","CreatedDate","SystemModstamp","Name"')
    assert "1.50E7" in {row["Name"] for row in rows(tmp_path)}
    assert latest(tmp_path)[id_of("Account", 1)]["Website"] == ""
    manifest = json.loads(Path(f"{result.files[-1]}.manifest.json").read_text())
    assert manifest["api_version"] == salesforce_api.API_VERSION
    assert manifest["cursor"]["through"] == "2026-10-29T12:05:00Z"


def test_a_small_object_comes_by_rest_with_its_figures_as_written(org, tmp_path):
    org.rest_page = 2
    for number, amount in enumerate(["1.50E7", "0.10", "12345678901234567.89", "-0"]):
        org.put("Opportunity", number, Amount=amount, IsWon="true", StageName='a "b"')
    org.put("Opportunity", 4)
    org.passes(minutes=5)
    (result,) = pull(tmp_path, DAY, configured(org, api="auto"), ["Opportunity"])
    assert (result.via, result.rows, result.pages, len(result.files)) == ("rest", 5, 3, 1)
    found = rows(tmp_path, "Opportunity")
    assert [row["Amount"] for row in found] == ["1.50E7", "0.10", "12345678901234567.89", "-0", ""]
    assert {row["IsWon"] for row in found} == {"true", ""}
    assert org.jobs == {}


def test_what_bulk_refuses_comes_by_rest(org, tmp_path):
    fill(org)
    refusal = '[{"errorCode":"FEATURENOTENABLED","message":"Bulk is not enabled"}]'
    org.faults = [Fault("jobs/query", status=400, body=refusal)]
    assert accounts(tmp_path, org, api="auto", small_rows=0).via == "rest"
    assert alive(tmp_path) == truth(org)


def test_only_what_changed_is_asked_for_with_an_overlap(org, tmp_path):
    fill(org)
    accounts(tmp_path, org)
    org.passes(hours=5)
    org.put("Account", 3, Name="changed")
    org.put("Account", 20, Name="new")
    org.passes(minutes=5)
    result = accounts(tmp_path, org)
    # The eight of the first pull are within the overlap, as nothing else has changed since.
    assert (result.rows, result.reach) == (9, "changes")
    assert alive(tmp_path) == truth(org)
    org.passes(hours=5)
    assert accounts(tmp_path, org).rows == 2


def test_a_record_committed_late_with_an_older_stamp_is_found_in_the_overlap(org, tmp_path):
    fill(org)
    accounts(tmp_path, org)
    late = org.clock
    org.passes(minutes=9)
    org.put("Account", 30, Name="newest")
    org.passes(minutes=2)
    accounts(tmp_path, org)
    org.rows["Account"][id_of("Account", 31)] = {
        **org.rows["Account"][id_of("Account", 30)],
        "Id": id_of("Account", 31),
        "Name": "committed late",
        "SystemModstamp": f"{late:%Y-%m-%dT%H:%M:%S}.000Z",
    }
    accounts(tmp_path, org)
    assert alive(tmp_path) == truth(org)


def test_two_changes_within_one_second_end_with_the_second(org, tmp_path):
    fill(org)
    org.put("Account", 1, Name="first")
    accounts(tmp_path, org)
    assert "first" not in alive(tmp_path).values()
    org.put("Account", 1, Name="second")
    org.passes(minutes=5)
    accounts(tmp_path, org)
    assert alive(tmp_path)[id_of("Account", 1)] == "second"
    assert "first" not in {row["Name"] for row in rows(tmp_path)}


def test_a_deleted_record_arrives_as_deleted(org, tmp_path):
    fill(org)
    accounts(tmp_path, org)
    org.delete("Account", 3)
    org.passes(minutes=5)
    accounts(tmp_path, org)
    assert latest(tmp_path)[id_of("Account", 3)]["IsDeleted"] == "true"
    assert alive(tmp_path) == truth(org)


def test_a_record_restored_from_the_bin_is_alive_again(org, tmp_path):
    fill(org)
    org.delete("Account", 3)
    org.passes(minutes=5)
    accounts(tmp_path, org)
    org.put("Account", 3)
    org.passes(minutes=5)
    accounts(tmp_path, org)
    assert alive(tmp_path) == truth(org)


def test_a_record_deleted_for_good_arrives_as_its_id_and_the_time(org, tmp_path):
    fill(org)
    accounts(tmp_path, org)
    org.passes(days=3)
    org.delete("Account", 2)
    org.purge("Account", 3)
    org.passes(minutes=5)
    result = accounts(tmp_path, org)
    assert result.gone == 1
    gone = latest(tmp_path)[id_of("Account", 3)]
    assert (gone["IsDeleted"], gone["SystemModstamp"], gone["Name"]) == ("true", "2026-11-01T12:05:00.000+0000", "")
    assert alive(tmp_path) == truth(org)


def test_a_log_that_does_not_reach_back_is_replaced_by_a_look_at_every_known_id(org, tmp_path, monkeypatch):
    fill(org, 240)
    accounts(tmp_path, org, page_rows=500)
    org.passes(days=20)
    org.log_begins = org.clock - timedelta(days=15)
    org.purge("Account", 3)
    org.log.clear()
    monkeypatch.setattr(salesforce_api, "_ids_of_warehouse", lambda _: {id_of("Account", n) for n in range(240)})
    assert accounts(tmp_path, org, page_rows=500).gone == 1
    assert alive(tmp_path) == truth(org)


def test_full_asks_for_everything_and_finds_what_is_gone(org, tmp_path, monkeypatch):
    fill(org)
    accounts(tmp_path, org)
    org.passes(days=1)
    del org.rows["Account"][id_of("Account", 5)]
    org.rows["Account"][id_of("Account", 6)]["Name"] = "a formula changed"
    org.purge("Account", 7)
    org.passes(minutes=5)
    monkeypatch.setattr(salesforce_api, "_ids_of_warehouse", lambda _: {id_of("Account", n) for n in range(7)})
    result = accounts(tmp_path, org, full=True)
    assert (result.rows, result.gone, result.why) == (8, 2, "asked for")
    assert alive(tmp_path) == truth(org)


def test_a_new_column_brings_every_record_again(org, tmp_path):
    fill(org)
    accounts(tmp_path, org)
    org.passes(days=1)
    org.types["Account"]["Segment__c"] = "picklist"
    org.rows["Account"][id_of("Account", 4)]["Segment__c"] = "gold"
    result = accounts(tmp_path, org)
    assert (result.rows, result.why) == (8, "new column Segment__c")
    assert latest(tmp_path)[id_of("Account", 4)]["Segment__c"] == "gold"


def test_personal_data_and_free_text_are_never_asked_for(org, tmp_path):
    own = {
        "Tier__c": "string",
        "Contact_Email__c": "string",
        "Call__c": "phone",
        "Mail__c": "email",
        "Note__c": "textarea",
    }
    org.types["Account"] |= {**own, "Phone": "phone", "Birthdate__c": "date", "Owner_Last_Name__c": "string"}
    fill(org)
    accounts(tmp_path, org)
    (job,) = org.jobs.values()
    assert [name for name in job["columns"] if name.endswith("__c")] == ["Tier__c"]
    assert "Phone" not in job["columns"]


def test_own_fields_can_be_named_and_denied(org, tmp_path):
    org.types["Account"] |= {"A__c": "string", "B__c": "string", "C__c": "string"}
    changes = {"custom_fields": ["Account.A__c", "Account.B__c"], "denied_fields": ["Account.B__c", "Account.Website"]}
    accounts(tmp_path, org, **changes)
    (job,) = org.jobs.values()
    assert [name for name in job["columns"] if name.endswith("__c")] == ["A__c"]
    assert "Website" not in job["columns"]


def test_a_field_the_user_may_not_read_is_a_failure_that_says_so(org, tmp_path):
    del org.types["Account"]["ParentId"]
    with pytest.raises(SalesforcePullFailed, match=r"Account, describe: the user sees no field ParentId"):
        accounts(tmp_path, org)
    assert accounts(tmp_path, org, absent_fields=["Account.ParentId"]).rows == 0


def test_a_field_of_some_orgs_is_left_out_where_there_is_none(org, tmp_path):
    del org.types["Opportunity"]["CurrencyIsoCode"]
    pull(tmp_path, DAY, configured(org), ["Opportunity"])
    (job,) = org.jobs.values()
    assert "CurrencyIsoCode" not in job["columns"]


def test_a_session_that_ends_is_renewed_in_the_middle(org, tmp_path):
    fill(org)
    org.before = lambda request: org.expire() if "locator=3" in request.url and org.signed_in == 1 else None
    accounts(tmp_path, org)
    assert alive(tmp_path) == truth(org)
    assert org.signed_in == 2


def test_a_session_that_never_holds_is_a_failure_after_one_new_sign_in(org, tmp_path):
    refusal = '[{"errorCode":"INVALID_SESSION_ID","message":"Session expired or invalid"}]'
    org.faults = [Fault("/describe", status=401, body=refusal, times=9)]
    with pytest.raises(SalesforcePullFailed, match="INVALID_SESSION_ID"):
        accounts(tmp_path, org)
    assert org.signed_in == 2


@pytest.mark.parametrize(
    ("status", "code"),
    [(403, "REQUEST_LIMIT_EXCEEDED"), (429, "TOO_MANY"), (500, "UNKNOWN_EXCEPTION"), (503, "SERVER_UNAVAILABLE")],
)
@pytest.mark.parametrize("where", ["/describe", "jobs/query?", "results?maxRecords=3&locator=3", "/deleted/"])
def test_a_passing_fault_is_tried_again(org, tmp_path, status, code, where):
    fill(org)
    accounts(tmp_path, org)
    org.passes(minutes=5)
    body = json.dumps([{"errorCode": code, "message": "try later"}])
    org.faults = [Fault(where.removesuffix("?"), status=status, body=body, times=2, headers={"Retry-After": "0"})]
    accounts(tmp_path, org)
    assert alive(tmp_path) == truth(org)


def test_a_maintenance_page_is_a_failure_after_a_bounded_number_of_tries(org, tmp_path):
    org.faults = [Fault("/services/", status=503, body="<html>Down for\n maintenance</html>", times=99)]
    with pytest.raises(SalesforcePullFailed, match=r"signing in failed, 503: <html>Down for maintenance"):
        accounts(tmp_path, org)
    assert len(org.asked) == 3


@pytest.mark.parametrize("kind", ["cut", "short", "drop"])
@pytest.mark.parametrize("where", ["/describe", "/results", "/deleted/", "queryAll"])
def test_a_body_cut_on_its_way_is_asked_for_again(org, tmp_path, kind, where):
    fill(org)
    accounts(tmp_path, org)
    org.passes(minutes=5)
    org.faults = [Fault(where, kind=kind, by=2, times=2)]
    accounts(tmp_path, org, api="auto")
    assert alive(tmp_path) == truth(org)


@pytest.mark.parametrize("by", [1, 2, 30, 120])
def test_a_page_with_fewer_rows_than_announced_is_never_delivered(org, tmp_path, by):
    fill(org)
    org.faults = [Fault("/results", kind="short", by=by, times=99)]
    with pytest.raises(SalesforcePullFailed, match=r"Account, part 1 of job 750\d+: the page"):
        accounts(tmp_path, org)
    assert not list(tmp_path.rglob("api-*"))


@pytest.mark.parametrize("kind", ["hang", "drip"])
def test_a_source_that_hangs_is_named_in_time(org, tmp_path, kind):
    fill(org)
    org.faults = [Fault("/describe", kind=kind, times=9)]
    began = time.monotonic()
    with pytest.raises(SalesforcePullFailed, match=r"Account, describe: no whole answer within 0.3 s \(2 tries\)"):
        accounts(tmp_path, org, timeout_seconds=0.3, attempts=2)
    assert time.monotonic() - began < 5


@pytest.mark.parametrize("state", ["Failed", "Aborted"])
def test_a_job_that_fails_is_named_with_its_reason(org, tmp_path, state):
    fill(org)
    org.job_ends = state
    with pytest.raises(SalesforcePullFailed, match=f"waiting for job .* ended as {state}"):
        accounts(tmp_path, org)
    org.job_ends = "JobComplete"
    accounts(tmp_path, org)
    assert alive(tmp_path) == truth(org)


def test_a_job_that_never_ends_is_named(org, tmp_path):
    fill(org)
    org.polls_until_done = 10**9
    with pytest.raises(SalesforcePullFailed, match=r"the job is InProgress after 0\.05 s"):
        accounts(tmp_path, org, job_seconds=0.05)


def test_a_result_without_end_is_a_failure(org, tmp_path):
    fill(org)
    with pytest.raises(SalesforcePullFailed, match="more than 2 pages"):
        accounts(tmp_path, org, max_pages=2)


@pytest.mark.parametrize("status", [400, 403, 404])
def test_a_refusal_is_never_a_skip(org, tmp_path, status):
    org.faults = [Fault("/describe", status=status, body='[{"errorCode":"NO_ACCESS","message":"no"}]')]
    with pytest.raises(SalesforcePullFailed, match=f"Account, describe: HTTP {status} NO_ACCESS"):
        accounts(tmp_path, org)
    assert len(asked_of(org, "/describe")) == 1


def test_a_next_page_elsewhere_is_not_followed(org, tmp_path):
    fill(org)
    body = {"totalSize": 9, "done": False, "records": [], "nextRecordsUrl": "https://elsewhere.example/q"}
    org.faults = [Fault("queryAll", body=json.dumps(body), status=200)]
    with pytest.raises(SalesforcePullFailed, match="nowhere on this server"):
        accounts(tmp_path, org, api="rest")


def test_a_query_with_fewer_records_than_it_says_is_a_failure(org, tmp_path):
    body = {"totalSize": 9, "done": True, "records": []}
    org.faults = [Fault("queryAll", body=json.dumps(body), status=200)]
    with pytest.raises(SalesforcePullFailed, match="says 9 rows and gives 0"):
        accounts(tmp_path, org, api="rest")


@pytest.mark.parametrize("part", [1, 2, 3])
def test_an_interrupted_pull_goes_on_with_the_next_page_of_the_same_job(org, tmp_path, part):
    fill(org)
    whole = tmp_path / "whole"
    accounts(whole, org)
    broken = tmp_path / "broken"
    org.faults = [Fault("/results", status=500, skip=part - 1, times=3)]
    with pytest.raises(SalesforcePullFailed, match=f"part {part} of job"):
        accounts(broken, org)
    jobs = len(org.jobs)
    org.passes(hours=3)
    org.put("Account", 2, Name="changed meanwhile")
    org.passes(minutes=5)
    accounts(broken, org)
    if part > 1:
        assert len(org.jobs) == jobs
        assert sorted(map(str, rows(broken))) == sorted(map(str, rows(whole)))
    accounts(broken, org)
    assert alive(broken) == truth(org)


def test_an_interrupted_pull_whose_job_is_gone_begins_anew(org, tmp_path):
    fill(org)
    org.faults = [Fault("/results", status=500, skip=1, times=3)]
    with pytest.raises(SalesforcePullFailed):
        accounts(tmp_path, org)
    org.jobs.clear()
    org.passes(days=8)
    accounts(tmp_path, org)
    assert alive(tmp_path) == truth(org)


def test_a_new_column_still_brings_every_record_when_that_pull_was_interrupted(org, tmp_path):
    fill(org)
    accounts(tmp_path, org)
    org.passes(days=1)
    org.types["Account"]["Segment__c"] = "picklist"
    for record in org.rows["Account"].values():
        record["Segment__c"] = "gold"
    org.faults = [Fault("/results", status=500, skip=1, times=3)]
    with pytest.raises(SalesforcePullFailed):
        accounts(tmp_path, org)
    org.jobs.clear()
    org.passes(days=8)
    accounts(tmp_path, org)
    assert {row.get("Segment__c") for row in latest(tmp_path).values()} == {"gold"}


def test_objects_before_the_failing_one_stay_pulled(org, tmp_path):
    fill(org)
    org.faults = [Fault("Contract/describe", status=403, body="[]")]
    with pytest.raises(SalesforcePullFailed, match="Contract, describe"):
        pull(tmp_path, DAY, configured(org), ["Account", "Contract"])
    assert alive(tmp_path) == truth(org)


def test_two_pulls_into_one_landing_do_not_run_together(org, tmp_path):
    with sole_worker(work_folder(tmp_path, "crm-pull")), pytest.raises(WorkBusy):
        accounts(tmp_path, org)


def test_signing_in_with_a_signed_assertion(org, tmp_path):
    private = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    pem = private.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    ).decode()
    org.public_key = private.public_key()
    fill(org)
    way = {"domain": "login", "consumer_secret": None, "username": USER, "private_key": pem}
    assert accounts(tmp_path, org, **way).rows == 8


def test_signing_in_with_password_and_security_token(org, tmp_path):
    fill(org)
    way = {"domain": "login", "consumer_key": None, "consumer_secret": None}
    way |= {"username": USER, "password": PASSWORD, "security_token": TOKEN}
    assert accounts(tmp_path, org, **way).rows == 8


@pytest.mark.parametrize("way", ["client", "password"])
def test_a_refused_sign_in_is_named_and_no_secret_is_told(org, tmp_path, caplog, way):
    caplog.set_level(logging.DEBUG)
    canary = "canary-that-nobody-may-read"
    changes = (
        {"consumer_secret": canary}
        if way == "client"
        else {"consumer_key": None, "username": USER, "password": canary, "security_token": TOKEN, "domain": "login"}
    )
    made = configured(org, **changes)
    with pytest.raises(SalesforcePullFailed, match="does not let the user sign in") as caught:
        pull(tmp_path, DAY, made, ["Account"])
    told = f"{caught.value} {caught.value.__cause__} {made!r} {caplog.text}"
    assert not {secret for secret in (canary, SECRET, TOKEN, PASSWORD) if secret in told}


def test_an_answer_that_repeats_a_secret_is_told_without_it(org, tmp_path, caplog):
    caplog.set_level(logging.DEBUG)
    fill(org)
    echo = json.dumps([{"errorCode": "X", "message": f"{SECRET} 00Dsession!canary1 {KEY}"}])
    org.faults = [Fault("/describe", status=400, body=echo)]
    with pytest.raises(SalesforcePullFailed, match=r"X: \*\*\* \*\*\* \*\*\*") as caught:
        accounts(tmp_path, org)
    assert "canary" not in f"{caught.value} {caplog.text}"


def test_settings_name_the_ways_to_sign_in(org):
    with pytest.raises(ValidationError, match="TIEOUT_SALESFORCE_DOMAIN"):
        configured(org, consumer_secret=None)
    with pytest.raises(ValidationError, match="https"):
        configured(org, api_base="http://salesforce.example")


def test_an_id_of_15_and_of_18_characters_is_one_id():
    assert long_id(id_of("Account", 7)[:15]) == id_of("Account", 7)
    with pytest.raises(BadRecord):
        long_id(id_of("Account", 7).swapcase())


def test_an_unknown_object_is_refused(org, tmp_path):
    with pytest.raises(ValueError, match="Unicorn"):
        pull(tmp_path, DAY, configured(org), ["Unicorn"])


STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("put"), st.integers(0, 5)),
        st.tuples(st.just("delete"), st.integers(0, 5)),
        st.tuples(st.just("purge"), st.integers(0, 5)),
        st.tuples(st.just("wait"), st.sampled_from([0, 1, 30, 61, 700, 90_000])),
        st.tuples(st.just("pull"), st.sampled_from(["bulk", "rest", "auto"])),
        st.tuples(st.just("interrupt"), st.integers(0, 6)),
    ),
    max_size=25,
)


def take(org, landing, step, counter, purged):
    """One step of a history."""
    kind, value = step
    present = isinstance(value, int) and id_of("Account", value) in org.rows["Account"]
    if kind == "put" and (present or value not in purged):
        org.put("Account", value, Name=f"version {counter}")
    elif kind == "delete" and present:
        org.delete("Account", value)
    elif kind == "purge" and present:
        purged.add(value)
        org.purge("Account", value)
    elif kind == "wait":
        org.passes(seconds=value)
    elif kind == "pull":
        accounts(landing, org, api=value, page_rows=2, small_rows=2)
    elif kind == "interrupt":
        org.faults = [Fault("/services/data", status=500, skip=value, times=1)]
        with contextlib.suppress(SalesforcePullFailed):
            accounts(landing, org, page_rows=1, attempts=1)
        org.faults = []


@given(steps=STEPS)
@settings(max_examples=25, deadline=None)
def test_whatever_happens_between_pulls_the_last_pull_knows_the_truth(tmp_path_factory, steps):
    landing = tmp_path_factory.mktemp("history")
    with serving(Org()) as org:
        org.clock = datetime(2026, 10, 29, 12, 0, tzinfo=UTC)
        purged: set[int] = set()
        for counter, step in enumerate(steps):
            take(org, landing, step, counter, purged)
        org.passes(minutes=3)
        for _ in range(2):  # the first may end an interrupted pull
            accounts(landing, org)
            org.passes(minutes=3)
        assert alive(landing) == truth(org)
