"""The command's JSON and exit codes are what other programs rely on."""

from __future__ import annotations

import json
import re
import socket

import psycopg
import pytest
from typer.testing import CliRunner

from orchestration.cli import app
from warehouse.lock import writer_lock

pytestmark = pytest.mark.warehouse

COUNTS = ["rows_in", "accepted", "duplicate", "quarantined", "late_excluded"]
KEYS = ["system", "object", "file", "status", *COUNTS, "reason"]


@pytest.fixture
def landing(tmp_path, warehouse):
    folder = tmp_path / "landing" / "fx" / "rates" / "2026-10-28"
    folder.mkdir(parents=True)
    (folder / "rates.csv").write_text("Date,USD,JPY\n2026-10-27,1.0850,162.10\n")
    (folder / "_SUCCESS").touch()
    return tmp_path / "landing"


def tieout(*words: object):
    result = CliRunner().invoke(app, [str(word) for word in words])
    if result.exception and not isinstance(result.exception, SystemExit):
        raise result.exception
    return result


def test_load_says_what_became_of_each_file_and_the_second_time_that_it_was_there(landing):
    first = tieout("load", landing, "--json")
    assert first.exit_code == 0
    assert json.loads(first.stdout) == {
        "loads": [
            {
                "system": "fx",
                "object": "rates",
                "file": "rates.csv",
                "status": "loaded",
                "rows_in": 2,
                "accepted": 2,
                "duplicate": 0,
                "quarantined": 0,
                "late_excluded": 0,
                "reason": None,
            }
        ]
    }
    again = json.loads(tieout("load", landing, "--json").stdout)
    assert [load["status"] for load in again["loads"]] == ["already_loaded"]
    status = json.loads(tieout("load", "status", "--json").stdout)
    assert [(row["system"], row["object"], row["files"]) for row in status["objects"]] == [("fx", "rates", 1)]


def test_a_refused_file_is_accounted_for_and_ends_with_3_for_who_asks_so(landing):
    (landing / "fx" / "rates" / "2026-10-28" / "_SUCCESS").unlink()
    refused = tieout("load", landing, "--json")
    assert refused.exit_code == 0
    (load,) = json.loads(refused.stdout)["loads"]
    assert (load["status"], load["rows_in"], load["reason"]) == ("refused", 0, "incomplete")
    assert tieout("load", landing, "--json", "--strict").exit_code == 3
    listed = json.loads(tieout("quarantine", "list", "--json").stdout)["quarantine"]
    assert [(row["kind"], row["object"], row["reason"]) for row in listed] == [("file", "rates", "incomplete")]


def test_quarantined_records_are_accounted_for(landing):
    with (landing / "fx" / "rates" / "2026-10-28" / "rates.csv").open("a") as file:
        file.write("2026-10-28,none,162.10\n")
    found = tieout("load", landing, "--json", "--strict")
    assert found.exit_code == 0
    (load,) = json.loads(found.stdout)["loads"]
    assert load["rows_in"] == load["accepted"] + load["quarantined"] == 4


def test_a_load_that_failed_ends_with_4_names_itself_and_says_what_was_not_tried(landing, warehouse):
    later = landing / "fx" / "rates" / "2026-10-29"
    later.mkdir()
    (later / "later.csv").write_text("Date,USD\n2026-10-28,1.0850\n")
    (later / "_SUCCESS").touch()
    with psycopg.connect(warehouse) as connection:
        connection.execute("drop table raw.fx__rates")
    failed = tieout("load", landing, "--json")
    assert failed.exit_code == 4
    loads = json.loads(failed.stdout)["loads"]
    assert [(load["file"], load["status"]) for load in loads] == [("rates.csv", "failed"), ("later.csv", "not_tried")]
    assert "fx/rates/2026-10-28/rates.csv did not load" in loads[0]["reason"]
    assert "did not load" in failed.stderr


def test_without_a_warehouse_the_load_fails_and_standard_output_is_json_still(landing, monkeypatch):
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    monkeypatch.setenv("TIEOUT_WAREHOUSE_URL", f"postgresql://user:hidden@127.0.0.1:{port}/nowhere")
    failed = tieout("load", landing, "--json")
    assert failed.exit_code == 4
    (load,) = json.loads(failed.stdout)["loads"]
    assert (load["file"], load["status"], load["rows_in"]) == ("rates.csv", "failed", 0)
    assert "hidden" not in failed.stdout + failed.stderr
    assert tieout("load", landing).exit_code == 4


def test_who_loads_while_another_writes_is_told_who_and_since_when_and_nothing_lands(landing, warehouse):
    with writer_lock(warehouse, holder="tieout build"):
        second = tieout("load", landing, "--json")
    assert second.exit_code == 4
    (load,) = json.loads(second.stdout)["loads"]
    assert (load["file"], load["status"], load["rows_in"]) == ("rates.csv", "failed", 0)
    assert re.search(r"tieout build has been writing since \d{4}-\d\d-\d\d \d\d:\d\d:\d\d UTC", load["reason"])
    assert tieout("load", landing, "--json", "--strict").exit_code == 0


def test_every_file_has_one_entry_of_the_published_keys_whatever_became_of_it(landing):
    day = landing / "stripe" / "charges" / "2026-10-28"
    day.mkdir(parents=True)
    (day / "waiting.jsonl").write_text('{"id":"ch_1","object":"charge"}\n')
    misplaced = landing / "stripe" / "note.jsonl"
    misplaced.write_text("{}\n")
    unknown = landing / "stripe" / "unheard_of" / "2026-10-28"
    unknown.mkdir(parents=True)
    (unknown / "x.jsonl").write_text("{}\n")
    (unknown / "_SUCCESS").touch()
    found = tieout("load", landing, "--json", "--strict")
    assert found.exit_code == 3
    assert set(json.loads(found.stdout)) == {"loads"}
    loads = {load["file"]: load for load in json.loads(found.stdout)["loads"]}
    assert all(list(load) == KEYS for load in loads.values())
    assert {name: (load["status"], load["reason"]) for name, load in loads.items()} == {
        "rates.csv": ("loaded", None),
        "waiting.jsonl": ("refused", "incomplete"),
        "note.jsonl": ("refused", "misplaced"),
        "x.jsonl": ("refused", "unknown_object"),
    }
    assert tieout("load", landing, "--json").exit_code == 0


def test_what_is_not_there_is_told_in_a_sentence(warehouse, tmp_path):
    nothing = tieout("close", "summary")
    assert nothing.exit_code == 1
    assert "tieout build" in nothing.stderr
    assert tieout("load", tmp_path / "nowhere").exit_code == 1
    assert tieout("status", "--json").exit_code == 0


def test_every_command_explains_itself():
    for command in ("demo", "doctor", "status", "dev", "up", "down", "sample", "load", "build", "quarantine"):
        assert tieout(command, "--help").exit_code == 0, command
    for command in ("close", "breaks", "trace", "checks"):
        assert tieout(command, "--help").exit_code == 0, command
