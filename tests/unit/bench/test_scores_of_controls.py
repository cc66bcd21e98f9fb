"""The score by which controls are judged: what counts as found, as rightly named, and as noise."""

from __future__ import annotations

import csv
import json
from datetime import date
from decimal import Decimal

import pytest

from bench.recon import worlds
from bench.recon.bank_files import BankFiles
from bench.recon.extracts import Extracts
from bench.recon.health import CONTROLS_FILE, SELF_COMPARED
from bench.recon.mutants import MUTANTS
from bench.recon.plan import PLANS
from bench.recon.score import Break, Label, Score, labels, score, summed
from bench.recon.unplanted import UNPLANTED
from ingestion.formats import bank_csv
from ingestion.formats.streams import Source
from ingestion.records import Record
from ingestion.sample_company.money import to_major
from orchestration.paths import DBT_PROJECT

ALL_CLOSED = (4, 0)


def fault(key="k", control="C2", name="GROSS", amount: int | None = 100, also=()) -> Label:
    return Label(f"fault-{key}", control, name, key, "usd", amount, None, "2026-11-01", tuple(also))


def raised(key="k", control="C2", name="GROSS", amount: int | None = 100) -> Break:
    return Break(f"id-{control}-{key}", control, name, key, "usd", amount, None)


def test_a_fault_with_its_class_and_amount_is_found_and_named():
    result = score([fault()], [], [raised()], ALL_CLOSED)
    assert result.is_perfect
    assert (result.recall, result.accuracy, result.precision, result.recall_of_value) == (1, 1, 1, 1)


def test_nothing_raised_is_a_missed_fault_and_its_value_is_lost():
    result = score([fault("a", amount=300), fault("b")], [], [raised("b")], ALL_CLOSED)
    assert (result.recall, result.recall_of_value) == (Decimal("0.5"), Decimal("0.25"))
    assert result.sentences() == ["missed: fault-a a 300"]


@pytest.mark.parametrize("said", [raised(name="FX"), raised(amount=99)])
def test_another_class_or_amount_is_found_and_not_named(said):
    result = score([fault()], [], [said], ALL_CLOSED)
    assert (result.recall, result.accuracy, result.recall_of_value) == (1, 0, 0)
    assert not result.is_perfect


def test_what_no_fault_caused_is_noise():
    result = score([fault()], [], [raised(), raised("other")], ALL_CLOSED)
    assert len(result.noise) == 1
    assert result.precision == Decimal("0.5")


def test_what_a_fault_says_it_also_raises_is_its_fan_out():
    result = score([fault(also=[("C8", "po_1")])], [], [raised(), raised("po_1", "C8", "NONZERO_AGED")], ALL_CLOSED)
    assert result.is_perfect
    assert result.fan_out == 2


def test_a_raised_decoy_is_named_even_where_a_fault_excuses_it():
    result = score([fault(also=[("C8", "po_1")])], [fault("po_1", "C8")], [raised(), raised("po_1", "C8")], ALL_CLOSED)
    assert result.raised_decoys == ["fault-po_1"]


def test_a_total_that_does_not_close_is_said():
    assert score([], [], [], (4, 1)).sentences() == ["1 totals do not close"]


def test_value_that_is_matched_falsely_is_told_in_the_currency_where_it_is_most():
    result = score([fault()], [], [raised()], ALL_CLOSED)
    result.matched_minor.update(usd=1_000, eur=10)
    assert (result.false_value, result.is_perfect) == (0, True)
    result.false_minor.update(usd=100, eur=5)
    assert (result.false_value, result.is_perfect) == (Decimal("0.5"), False)
    assert result.sentences() == ["falsely matched: 100 usd", "falsely matched: 5 eur"]


def test_worlds_add_up():
    perfect = score([fault()], [], [raised()], ALL_CLOSED)
    missed = score([fault()], [], [], ALL_CLOSED)
    whole = summed([perfect, missed])
    assert (whole.worlds, whole.planted.total(), whole.recall) == (2, 2, Decimal("0.5"))


def test_changed_files_get_manifests_that_fit(tmp_path):
    folder = tmp_path / "stripe" / "charges" / "2026-11-01"
    folder.mkdir(parents=True)
    file = folder / "charges.jsonl"
    file.write_text('{"id":"ch_1","amount":1.10}\n{"id":"ch_2","amount":2}\n')
    manifest = folder / "charges.jsonl.manifest.json"
    manifest.write_text(json.dumps({"rows": 2, "sha256": "old", "api_version": "v"}))
    extracts = Extracts(tmp_path)
    extracts.drop("stripe", "charges", lambda row: row["id"] == "ch_2")
    extracts.save()
    assert file.read_text() == '{"id":"ch_1","amount":1.10}\n'
    told = json.loads(manifest.read_text())
    assert (told["rows"], told["api_version"]) == (1, "v")
    assert told["sha256"] != "old"


@pytest.mark.parametrize("mutant", MUTANTS, ids=lambda mutant: mutant.name)
def test_every_rule_that_is_made_wrong_stands_where_its_mutant_looks_for_it(mutant):
    assert mutant.before in (DBT_PROJECT / mutant.file).read_text("utf-8")
    assert mutant.before != mutant.after


def test_a_kept_score_is_the_score_itself():
    result = score([fault(), fault("b")], [], [raised(name="FX"), raised("other")], ALL_CLOSED)
    assert Score.of_kept(json.loads(json.dumps(result.kept()))) == result


def test_bank_statements_that_are_read_and_written_again_are_the_same(tmp_path):
    landing = worlds.written(7, worlds.PROFILES[0], tmp_path / "world")
    before = {path: path.read_bytes() for path in (landing / "bank").glob("*/*/*.sta")}
    BankFiles(landing).save()
    assert before
    assert {path: path.read_bytes() for path in (landing / "bank").glob("*/*/*.sta")} == before


def test_statements_of_a_bank_with_its_own_columns_are_read_by_their_profile(tmp_path):
    landing = worlds.written(7, worlds.PROFILES[0], tmp_path / "world")
    days = {(day.account, day.day): day for day in BankFiles(landing).days if day.entries}
    BankFiles(landing).save_as_csv()
    found = {}
    for path in (landing / "bank").glob("*/*/*.csv"):
        for record in bank_csv.read(Source(path, path.name)):
            assert isinstance(record, Record), record
            told = json.loads(record.payload)
            day = days[told["account"], date.fromisoformat(told["statement_id"])]
            found[day.account, day.day] = (len(told["entries"]), Decimal(told["closing_balance"]))
    assert found == {key: (len(day.entries), Decimal(to_major(day.closing, day.currency))) for key, day in days.items()}


@pytest.mark.parametrize(("control", "before", "after"), SELF_COMPARED)
def test_every_control_that_is_broken_stands_where_it_is_looked_for(control, before, after):
    assert before in (DBT_PROJECT / CONTROLS_FILE).read_text("utf-8"), control
    assert before != after


def test_every_class_of_the_registry_is_planted_or_says_why_not(tmp_path):
    planted = set()
    for number, which in enumerate(PLANS):
        landing = worlds.written(7, worlds.PROFILES[0], tmp_path / str(number), which)
        planted |= {(one.control, one.break_class) for one in labels(landing / "truth.jsonl", "fault")}
    with (DBT_PROJECT / "seeds" / "recon_break_classes.csv").open(encoding="utf-8", newline="") as registry:
        registered = {(row["control_id"], row["break_class"]) for row in csv.DictReader(registry)}
    assert planted <= registered
    assert sorted(registered - planted) == sorted(UNPLANTED)
