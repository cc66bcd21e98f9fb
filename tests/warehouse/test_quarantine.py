"""What people see of what was set aside, and whether the figures of a load are what lies in the tables."""

import ast
from pathlib import Path

import psycopg
import pytest
from psycopg import sql

import ingestion
from ingestion import quarantine
from ingestion.identity import identities
from ingestion.registry import OBJECTS
from ingestion.remedies import REMEDIES
from ingestion.retry import retry
from tests.warehouse.landed import load_all, put, small_landing

RAISES = {"BadRecord": 0, "FileRefused": 0, "Reject": 1}


def reasons_in(path):
    """The literal reasons with which a module sets records or files aside."""
    tree = ast.parse(path.read_text())
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in RAISES:
            place = RAISES[node.func.id]
            reason = node.args[place] if len(node.args) > place else None
            if isinstance(reason, ast.Constant) and isinstance(reason.value, str):
                yield reason.value


def test_every_reason_has_an_owner_and_a_remedy():
    used = {reason for path in Path(ingestion.__file__).parent.rglob("*.py") for reason in reasons_in(path)}
    assert len(used) > 40
    assert used - set(REMEDIES) == set()


@pytest.fixture
def loaded(warehouse, tmp_path):
    load_all(small_landing(tmp_path))
    put(tmp_path, "stripe/charges/a.jsonl", "{}", complete=False).parent.joinpath("_SUCCESS").unlink(missing_ok=True)
    load_all(tmp_path)
    with psycopg.connect(warehouse) as connection:
        yield connection


def test_reasons_tell_count_age_value_owner_and_remedy_and_no_value_is_zero(loaded):
    found = {(one.system, one.reason): one for one in quarantine.reasons(loaded)}
    unknown = found["usage", "unknown_meter"].as_dict()
    assert (unknown["records"], unknown["state"], unknown["oldest_days"]) == (1, "open", 0)
    assert (unknown["currency"], unknown["estimated_minor"], unknown["method"]) == (None, None, "unknown")
    assert unknown["owner"] == "owner of the price catalogue"
    assert "tieout quarantine retry" in unknown["remedy"]
    (refused,) = quarantine.refusals(loaded)
    assert (refused.as_dict()["kind"], refused.reason, refused.resolved) == ("file", "incomplete", False)


def test_the_identity_of_every_load_is_counted_in_the_tables(loaded):
    found = identities(loaded)
    assert len(found) == 5
    assert all(load.holds for load in found)
    usage = next(load for load in found if load.object == "events")
    assert (usage.accepted_stored, usage.quarantined_stored, usage.late_stored, usage.still_open) == (100, 3, 1, 4)
    assert "105 in = 100 accepted + 1 duplicate + 3 quarantined + 1 late" in usage.sentence


def test_the_identity_of_a_retry_holds_as_well(loaded, tmp_path, monkeypatch):
    monkeypatch.setenv("TIEOUT_MAX_AGE_DAYS", "4000")
    retry(tmp_path)
    found = [load for load in identities(loaded, ["usage"]) if load.object == "events"]
    assert [(load.rows_in, load.accepted, load.still_open, load.holds) for load in found] == [
        (105, 100, 3, True),
        (1, 1, 0, True),
    ]


@pytest.mark.parametrize("table", ["usage__events", "stripe__customers", "crm__account"])
def test_a_row_that_vanished_from_raw_breaks_the_identity_of_its_load(loaded, table):
    loaded.execute(
        sql.SQL("delete from {} where line_no = (select min(line_no) from {})").format(
            sql.Identifier("raw", table), sql.Identifier("raw", table)
        )
    )
    broken = [load for load in identities(loaded) if not load.holds]
    assert [OBJECTS[load.system, load.object].table for load in broken] == [table]
    assert all(load.holds for load in identities(loaded, count_rows=False))


def test_a_row_that_vanished_from_quarantine_breaks_the_identity_of_its_load(loaded):
    loaded.execute("delete from quarantine.records where reason = 'late_excluded'")
    assert [load.object for load in identities(loaded) if not load.holds] == ["events"]
