from __future__ import annotations

import json
from collections import Counter
from datetime import date, datetime
from hashlib import sha256

import pytest

from ingestion import sample_company
from ingestion.formats.streams import Source
from ingestion.sources import bank

CLASSES = {
    "U1": {"UNDER_LANDED", "OVER_LANDED", "QTY_DRIFT", "NO_MANIFEST", "SILENT_SOURCE"},
    "U2": {"REJECT_UNRATED", "QUAR_AGE", "DUP_RATE"},
    "B1": {"UNBILLED", "UNEXPECTED_LINE", "QTY", "PRICE_VERSION", "TIER", "DISCOUNT", "PRORATION", "DOUBLE_BILL"},
    "B2": {"SCHEDULE_MISS", "MANUAL_LINE", "QTY", "PRICE_VERSION", "DISCOUNT", "PRORATION", "DOUBLE_BILL", "AMOUNT"},
    "C1": {"UNPAID", "SHORT", "PARTIAL", "OVER", "DUPLICATE", "CLOSED_NOT_PAID"},
    "C3": {"PAYOUT_SUM", "BT_UNASSIGNED", "BT_TWICE"},
    "C4": {"NOT_RECEIVED", "AMOUNT", "BANK_FEE", "RETURNED", "UNKNOWN_CREDIT"},
    "O2": {
        "SUB_NO_ACCOUNT", "ACCOUNT_NO_SUB", "ENT_OVER", "ENT_UNDER", "ACTIVE_AFTER_CANCEL", "SUSPENDED_BUT_BILLED",
        "PLAN_MISMATCH",
    },
    "T1": {"RATE_DRIFT", "NO_TAX_TAXABLE", "TAX_EXEMPT"},
}  # fmt: skip
ONLY_DECOYS = {"AMOUNT", "MISAPPLIED"}
FIELDS = [
    "kind", "fault_id", "class", "control_expected", "system", "key", "currency", "amount", "quantity", "injected_at",
    "should_be_visible_at", "should_clear_at", "also",
]  # fmt: skip
MONEY = {"B1", "B2", "C1", "C3", "C4", "T1"}


@pytest.mark.parametrize(("seed", "months", "least"), [(1, 2, 2), (7, 3, 3), (23, 5, 3)])
def test_every_class_is_planted_three_times_and_twice_in_the_shortest_world(tmp_path, seed, months, least):
    sample_company.write(seed, 1, months, tmp_path)
    truth = [json.loads(line) for line in (tmp_path / "truth.jsonl").read_text().splitlines()]
    planted = Counter((label["control_expected"], label["class"]) for label in truth if label["kind"] == "fault")
    assert set(planted) == {(control, name) for control, names in CLASSES.items() for name in names}
    assert min(planted.values()) >= least


def test_labels_have_the_published_fields(faulty):
    for label in faulty.truth:
        assert list(label) == FIELDS
        assert label["class"] in CLASSES[label["control_expected"]] | (
            ONLY_DECOYS if label["kind"] == "decoy" else set()
        )
        datetime.fromisoformat(label["injected_at"])
        date.fromisoformat(label["should_be_visible_at"])
        if label["kind"] == "fault" and label["control_expected"] in MONEY:
            assert int(label["amount"]) != 0
            assert label["currency"] in {"usd", "eur", "jpy"}


def test_one_cause_is_one_label(faulty):
    keys = Counter((label["control_expected"], label["class"], label["key"]) for label in faulty.truth)
    assert keys.most_common(1)[0][1] <= 1
    assert len({label["fault_id"] for label in faulty.truth}) == len(faulty.truth)


def test_no_decoy_carries_a_fault(faulty):
    faults = {(label["control_expected"], label["key"]) for label in faulty.truth if label["kind"] == "fault"}
    decoys = {(label["control_expected"], label["key"]) for label in faulty.truth if label["kind"] == "decoy"}
    assert decoys
    assert not faults & decoys


def test_everything_planted_is_visible_by_the_last_delivery(faulty):
    assert max(label["should_be_visible_at"] for label in faulty.truth if label["kind"] == "fault") <= "2026-11-09"


def test_faults_come_in_every_currency(faulty):
    currencies = Counter(label["currency"] for label in faulty.truth if label["kind"] == "fault" and label["currency"])
    assert set(currencies) == {"usd", "eur", "jpy"}


def test_a_clean_world_has_no_truth(clean):
    assert clean.truth == []


@pytest.mark.parametrize("seed", [1, 2, 7])
def test_a_few_faults_are_small_and_lie_in_the_month_to_close(tmp_path, seed):
    summary = sample_company.write(seed, 1, 3, tmp_path, "few")
    truth = [json.loads(line) for line in (tmp_path / "truth.jsonl").read_text().splitlines()]
    planted = [label for label in truth if label["kind"] == "fault"]
    assert [label["control_expected"] for label in planted] == ["B1", "B2", "C1", "C4", "O2", "U2"]
    assert all(label["injected_at"].startswith("2026-10") for label in planted)
    assert all(abs(int(label["amount"])) <= 25_000 for label in planted if label["amount"])
    assert summary.decoys > 20


def test_manifests_say_what_stands_in_their_files(world):
    manifests = list(world.folder.rglob("*.manifest.json"))
    assert len(manifests) > 100
    for path in manifests:
        manifest = json.loads(path.read_text())
        assert (
            sha256(path.with_name(path.name.removesuffix(".manifest.json")).read_bytes()).hexdigest()
            == manifest["sha256"]
        )


def test_deliveries_without_a_manifest_are_marked_finished(world):
    for system in ("bank", "tax", "fx"):
        for folder in (world.folder / system).glob("*/*"):
            assert (folder / "_SUCCESS").exists()


def test_a_planted_bank_entry_is_named_as_the_bank_reader_names_it(tmp_path):
    sample_company.write(7, 1, 3, tmp_path)
    statements = {
        record.fields["record_id"]: len(record.fields["entries"])
        for file in (tmp_path / "bank" / "statements").rglob("*.*")
        if file.suffix in (".xml", ".sta")
        for record in bank.read(Source(file, file.name))
    }
    truth = [json.loads(line) for line in (tmp_path / "truth.jsonl").read_text().splitlines()]
    planted = [label["key"] for label in truth if label["class"] == "UNKNOWN_CREDIT"]
    assert planted
    assert all(statements[key.rpartition("|")[0]] >= int(key.rpartition("|")[2]) for key in planted)
