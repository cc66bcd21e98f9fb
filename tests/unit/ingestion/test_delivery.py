"""What counts as a delivery, when it is complete, and what it is known by."""

import hashlib
import json
import os
from datetime import date

import pytest

from ingestion.delivery import LoadResult, discover, load_id, manifest_of
from ingestion.records import BadRecord, FileRefused
from ingestion.registry import OBJECTS
from ingestion.sources.crm import long_id, snake
from tests.unit.ingestion.delivered import content_of


def put(landing, path, content=b"{}"):
    place = landing / path
    place.parent.mkdir(parents=True, exist_ok=True)
    place.write_bytes(content)
    return place


def one(landing):
    (delivery,) = discover(landing)
    return delivery


def test_deliveries_come_by_date_then_system_object_and_name(tmp_path):
    for path in (
        "b/y/2026-10-28/2",
        "b/y/2026-10-28/1",
        "a/z/2026-10-29/1",
        "a/z/2026-10-28/sub/1",
        "b/x/2026-10-28/1",
    ):
        put(tmp_path, path)
    found = [(f"{item.system}/{item.object}", item.delivered_on.day, item.file_name) for item in discover(tmp_path)]
    assert found == [("a/z", 28, "sub/1"), ("b/x", 28, "1"), ("b/y", 28, "1"), ("b/y", 28, "2"), ("a/z", 29, "1")]


def test_the_window_is_half_open_and_systems_can_be_chosen(tmp_path):
    for day in (27, 28, 29):
        put(tmp_path, f"a/x/2026-10-{day}/1")
        put(tmp_path, f"b/x/2026-10-{day}/1")
    found = discover(tmp_path, ["a"], date(2026, 10, 28), date(2026, 10, 29))
    assert [(item.system, item.delivered_on.day) for item in found] == [("a", 28)]


def test_manifests_signs_hidden_files_and_notes_are_no_deliveries(tmp_path):
    for path in (
        "x/y/2026-10-28/a.manifest.json",
        "x/y/2026-10-28/_SUCCESS",
        "x/y/2026-10-28/.a.part",
        "x/y/_profile.yaml",
        "README",
    ):
        put(tmp_path, path)
    assert discover(tmp_path) == []


@pytest.mark.parametrize(
    "path", ["crm/a.csv", "crm/Account/a.csv", "crm/Account/28.10.2026/a.csv", "crm/Account/20261028/a.csv"]
)
def test_a_file_in_the_wrong_place_is_found_with_its_problem(tmp_path, path):
    put(tmp_path, path)
    assert one(tmp_path).delivered_on is None
    assert one(tmp_path).problem


def manifest(landing, content=b"{}", **declared):
    put(landing, "x/y/2026-10-28/a.jsonl", content)
    put(landing, "x/y/2026-10-28/a.jsonl.manifest.json", json.dumps(declared).encode())
    delivery = one(landing)
    return manifest_of(delivery, content_of(delivery))


def test_a_manifest_that_fits_makes_a_file_complete(tmp_path):
    sha = hashlib.sha256(b"{}").hexdigest()
    found = manifest(tmp_path, rows=1, sha256=sha, control_totals={"amount": "1.10"}, api_version="2026-10-28")
    assert (found.rows, found.control_totals, found.api_version) == (1, {"amount": "1.10"}, "2026-10-28")


@pytest.mark.parametrize(
    "declared",
    [{"sha256": "0" * 64}, {"rows": "1"}, {"rows": -1}, {"rows": True}, {"control_totals": 1}, {"cursor": "a"}],
)
def test_a_manifest_that_does_not_fit_makes_it_incomplete(tmp_path, declared):
    with pytest.raises(FileRefused) as refused:
        manifest(tmp_path, **declared)
    assert refused.value.reason == "incomplete"


def test_without_a_sign_a_file_is_incomplete_until_it_has_been_quiet(tmp_path, monkeypatch):
    path = put(tmp_path, "x/y/2026-10-28/a.jsonl")
    delivery = one(tmp_path)
    with pytest.raises(FileRefused, match="_SUCCESS"):
        manifest_of(delivery, content_of(delivery))
    monkeypatch.setenv("TIEOUT_QUIET_SECONDS", "60")
    with pytest.raises(FileRefused, match="until it is 60 s old"):
        manifest_of(delivery, content_of(delivery))
    os.utime(path, (path.stat().st_atime, path.stat().st_mtime - 61))
    assert manifest_of(delivery, content_of(delivery)).rows is None
    monkeypatch.delenv("TIEOUT_QUIET_SECONDS")
    put(tmp_path, "x/y/2026-10-28/_SUCCESS", b"")
    assert manifest_of(delivery, content_of(delivery)).rows is None


def test_a_link_out_of_the_landing_folder_is_refused(tmp_path):
    secret = put(tmp_path, "outside/secret")
    folder = tmp_path / "landing" / "x" / "y" / "2026-10-28"
    folder.mkdir(parents=True)
    (folder / "a.jsonl").symlink_to(secret)
    with pytest.raises(FileRefused) as refused:
        content_of(one(tmp_path / "landing"))
    assert refused.value.reason == "outside_landing"


def test_a_load_is_known_by_its_place_and_its_bytes_alone(tmp_path):
    put(tmp_path / "here", "x/y/2026-10-28/a")
    put(tmp_path / "there", "x/y/2026-10-28/a")
    put(tmp_path / "other", "x/y/2026-10-29/a")
    put(tmp_path / "changed", "x/y/2026-10-28/a", b"{ }")
    ids = [
        load_id(one(tmp_path / name), content_of(one(tmp_path / name)))
        for name in ("here", "there", "other", "changed")
    ]
    assert ids[0] == ids[1]
    assert len(set(ids)) == 3


def test_a_result_as_json_has_exactly_the_published_keys():
    result = LoadResult("crm", "Account", "a.csv", date(2026, 10, 28), "refused", reason="schema", detail="…")
    assert list(result.as_dict()) == [
        "system",
        "object",
        "file",
        "status",
        "rows_in",
        "accepted",
        "duplicate",
        "quarantined",
        "late_excluded",
        "reason",
    ]
    assert result.as_dict()["reason"] == "schema"


def test_tables_are_named_after_their_objects():
    assert snake("OpportunityLineItem") == "opportunity_line_item"
    assert OBJECTS["crm", "Product2"].table == "crm__product2"
    assert OBJECTS["erp", "transactionaccountingline"].table == "erp__transactionaccountingline"
    assert len({spec.table for spec in OBJECTS.values()}) == len(OBJECTS) == 55


def test_short_salesforce_ids_get_the_three_letters_that_make_them_safe():
    assert long_id("001A0000006Vm9r") == "001A0000006Vm9rIAC"
    assert long_id("001A0000006Vm9rIAC") == "001A0000006Vm9rIAC"


@pytest.mark.parametrize(
    "value", ["001a0000006vm9rIAC", "001A0000006Vm9", "001A0000006Vm9r ", "001A0000006Vm9é", "StB7ADpIfsOKUVMS9KkJWw=="]
)
def test_an_id_whose_letters_changed_case_is_no_longer_that_id(value):
    with pytest.raises(BadRecord) as refused:
        long_id(value)
    assert refused.value.reason == "bad_identifier"
