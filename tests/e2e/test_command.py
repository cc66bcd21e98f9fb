"""The command's JSON and exit codes are what other programs rely on."""

from __future__ import annotations

import json

import pytest
from typer.testing import CliRunner

from orchestration.cli import app

pytestmark = pytest.mark.warehouse


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
                "delivered_on": "2026-10-28",
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


def test_a_refused_file_ends_with_3_and_is_listed(landing):
    (landing / "fx" / "rates" / "2026-10-28" / "_SUCCESS").unlink()
    assert tieout("load", landing, "--json").exit_code == 3
    listed = json.loads(tieout("quarantine", "list", "--json").stdout)["quarantine"]
    assert [(row["kind"], row["object"], row["reason"]) for row in listed] == [("file", "rates", "incomplete")]


def test_what_is_not_there_is_told_in_a_sentence(warehouse, tmp_path):
    nothing = tieout("close", "summary")
    assert nothing.exit_code == 1
    assert "tieout build" in nothing.stderr
    assert tieout("load", tmp_path / "nowhere").exit_code == 1
    assert tieout("status", "--json").exit_code == 0


def test_every_command_explains_itself():
    for command in ("demo", "doctor", "status", "dev", "up", "down", "sample", "load", "build", "quarantine"):
        assert tieout(command, "--help").exit_code == 0, command
    for command in ("close", "breaks", "checks"):
        assert tieout(command, "--help").exit_code == 0, command
