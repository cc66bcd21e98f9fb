"""`tieout breaks`: what is listed, what people say of a break, the workbook, and who is told."""

from __future__ import annotations

import json
import logging
from collections.abc import Iterator
from datetime import date
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from threading import Thread

import pytest
from openpyxl import load_workbook
from typer.testing import CliRunner

from orchestration.breaks import alerts
from orchestration.cli import app
from tests.warehouse.break_rows import found, prepare, rows, run, say, states

# Apprise looks for a module that Python is about to drop.
pytestmark = [pytest.mark.warehouse, pytest.mark.filterwarnings("ignore:'imghdr' is deprecated:DeprecationWarning")]

EXPLAIN = (
    *("--because", "paid in December"),
    *("--cause", "TIMING.settlement"),
    *("--evidence", "ticket 12"),
    *("--until", "2026-12-31"),
)


@pytest.fixture
def record(warehouse: str) -> None:
    """A warehouse with the tables of a build."""
    prepare()


def tieout(*arguments: str, code: int = 0) -> str:
    result = CliRunner().invoke(app, ["breaks", *arguments])
    assert result.exit_code == code, result.output
    return result.output


def test_the_list_for_programs_has_the_fields_that_programs_were_promised(record):
    run(found("a", -500), found("b", status="expected"))
    (one,) = json.loads(tieout("list", "--json"))
    assert one == {
        "break_id": "b-a",
        "control": "B1",
        "break_class": "QTY",
        "key": "a",
        "currency": "usd",
        "amount_minor": "-500",
        "left": "{}",
        "right": "{'amount_minor': '-500', 'right': 'r'}",
        "cause": "DATA.late",
        "explained_minor": "0",
        "severity": "S3",
        "status": "open",
        "owner": "billing operations",
        "business_date": "2026-10-30",
        "first_seen": "2026-11-02",
        "evidence": {"left": "charge 1", "right": "line 1 (stripe/invoices/2026-11-01/part.jsonl:7)"},
    }
    assert [row["key"] for row in json.loads(tieout("list", "--json", "--status", "expected"))] == ["b"]
    assert len(json.loads(tieout("list", "--json", "--status", "all"))) == 2


def test_people_take_explain_resolve_and_close_a_break(record):
    run(found("a", -500, severity="S2"))
    tieout("assign", "b-a", "--to", "carla")
    tieout("acknowledge", "b-a", "--who", "anna")
    tieout("explain", "b-a", *EXPLAIN, "--amount", "2.00")
    (one,) = json.loads(tieout("list", "--json", "--owner", "carla"))
    assert (one["explained_minor"], one["cause"], one["status"]) == ("-200", "TIMING.settlement", "acknowledged")
    assert "takes a second person" in tieout("resolve", "b-a", "--because", "booked", "--who", "anna", code=1)
    tieout("resolve", "b-a", "--because", "booked", "--who", "anna", "--approver", "ben")
    tieout("close", "b-a")
    shown = tieout("show", "b-a")
    assert all(word in shown for word in ("approved by ben", "paid in December", "carla", "closed"))
    assert "Every link holds" in tieout("verify")


def test_an_explanation_that_is_not_one_is_refused_in_words(record):
    run(found("a", 500))
    for arguments, says in (
        (("--cause", "because"), "A cause is written GROUP.word"),
        (("--evidence", " "), "needs a reason, a cause, evidence"),
        (("--amount", "5.01"), "501 more cannot be"),
        (("--amount", "1.005"), "at most 2 decimals"),
        (("--until", "2026-11-01"), "covers nothing"),
    ):
        assert says in tieout("explain", "b-a", *EXPLAIN, *arguments, code=1)
    assert states() == {"a": "open"}


def filled(path: Path, edits: dict[tuple[str, str], object]) -> Path:
    """The exported workbook with cells changed: (key of the break, column) to a value."""
    tieout("export", str(path))
    book = load_workbook(path)
    sheet = book["Breaks"]
    columns = [cell.value for cell in sheet[1]]
    for line in sheet.iter_rows(min_row=2):
        for (key, column), value in edits.items():
            if line[columns.index("key")].value == key:
                line[columns.index(column)].value = value
    book.save(path)
    return path


ANSWER = {"explanation": "paid in December", "cause": "TIMING.settlement", "evidence": "ticket 12"}


def test_a_workbook_goes_out_is_filled_in_and_comes_back(record, tmp_path):
    run(found("a", 500), found("b", 900), found("c", severity="S1"), found("d"))
    path = filled(
        tmp_path / "breaks.xlsx",
        {
            **{("a", column): value for column, value in ANSWER.items()},
            ("a", "valid until"): date(2026, 12, 31),
            ("a", "explained amount"): 1.25,
            ("b", "owner"): "carla",
            ("b", "status"): "in_progress",
            ("c", "status"): "resolved_manual",
            ("c", "explanation"): "credit note issued",
            ("c", "approver"): "ben",
        },
    )
    assert "4 changes recorded" in tieout("import", str(path), "--who", "anna")
    assert states() == {"a": "open", "b": "in_progress", "c": "resolved_manual", "d": "open"}
    assert rows(
        "select explained_minor, remaining_minor from reconciliation.recon_break_register order by 1 desc limit 1"
    ) == [(125, 375)]
    assert rows("select assignee from recon.breaks where tracking_key = 'b'") == [("carla",)]


def test_a_workbook_with_something_wrong_changes_nothing_and_names_every_cell(record, tmp_path):
    run(found("a", 500), found("b", 900))
    path = filled(
        tmp_path / "breaks.xlsx",
        {
            ("a", "owner"): "carla",
            ("a", "status"): "done",
            **{("b", column): value for column, value in ANSWER.items()},
            ("b", "valid until"): "soon",
        },
    )
    said = tieout("import", str(path), code=1)
    assert "Sheet Breaks, row 3, column status: done is not a status" in said
    assert "Sheet Breaks, row 2, column valid until: soon is no date" in said
    assert rows("select count(*) from recon.break_events where event not in ('detected', 'run_recorded')") == [(0,)]


def test_what_the_database_refuses_of_a_workbook_takes_the_rows_before_it_back(record, tmp_path):
    run(found("a", 500), found("b", 900, severity="S1"))
    path = filled(
        tmp_path / "breaks.xlsx",
        {("b", "owner"): "carla", ("a", "status"): "resolved_manual"},
    )
    assert "row 3, column status: Resolving it needs a reason" in tieout("import", str(path), code=1)
    assert rows("select assignee from recon.breaks where assignee is not null") == []


def test_a_workbook_about_values_that_changed_since_is_refused(record, tmp_path):
    run(found("a", 500))
    path = filled(tmp_path / "breaks.xlsx", {("a", "status"): "acknowledged"})
    run(found("a", 600), day=1)
    assert "row 2, column status: Break b-a has changed since: it is version 2" in tieout("import", str(path), code=1)


def test_what_a_source_delivered_is_never_a_formula_in_the_workbook(record, tmp_path):
    run(found("=1+1"), found('=HYPERLINK("http://evil","x")'), found("@SUM(A1)"))
    tieout("export", str(tmp_path / "breaks.xlsx"))
    sheet = load_workbook(tmp_path / "breaks.xlsx")["Breaks"]
    assert {cell.data_type for line in sheet.iter_rows() for cell in line} <= {"s", "n"}
    assert all(cell.hyperlink is None for line in sheet.iter_rows() for cell in line)
    path = filled(tmp_path / "answer.xlsx", {("@SUM(A1)", "explanation"): "=1+1"})
    assert "column explanation: it is a formula" in tieout("import", str(path), code=1)


def test_a_file_that_is_no_workbook_of_breaks_is_refused(record, tmp_path):
    (tmp_path / "text.xlsx").write_text("not a workbook")
    assert "cannot be read as a workbook" in tieout("import", str(tmp_path / "text.xlsx"), code=1)
    run(found("a"))
    path = filled(tmp_path / "breaks.xlsx", {})
    book = load_workbook(path)
    book["Breaks"].delete_cols(1)
    book.save(path)
    assert "row 1: the column break is missing" in tieout("import", str(path), code=1)


class Receiver(HTTPServer):
    """Takes messages; answers as `answer` says."""

    answer = 200

    def __init__(self) -> None:
        """Listen on a free port of this machine."""
        super().__init__(("127.0.0.1", 0), Handler)
        self.messages: list[dict] = []


class Handler(BaseHTTPRequestHandler):
    def do_POST(self) -> None:
        self.server.messages.append(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))  # type: ignore[attr-defined]
        self.send_response(self.server.answer)  # type: ignore[attr-defined]
        self.end_headers()

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture
def receiver(monkeypatch: pytest.MonkeyPatch) -> Iterator[Receiver]:
    """A service that wants to be told, with a secret in its address."""
    server = Receiver()
    Thread(target=server.serve_forever, daemon=True).start()
    monkeypatch.setenv("TIEOUT_ALERT_URLS", f"json://127.0.0.1:{server.server_port}/hook/token-5e")
    yield server
    server.shutdown()
    server.server_close()


def test_new_grave_breaks_are_told_once_and_again_when_their_values_change(record, receiver):
    run(found("a", severity="S1"), found("b"), found("c", severity="S2"))
    assert "2 alerts sent" in tieout("alerts")
    assert "Everybody was told" in tieout("alerts")
    run(found("a", -501, severity="S1"), found("b"), found("c", severity="S2"), day=1)
    tieout("alerts")
    titles = [message["title"] for message in receiver.messages]
    assert titles == ["tieout: 2 grave breaks", "tieout: 1 grave break"]
    assert "S1 B1 QTY a USD (5.01)" in receiver.messages[1]["message"]


def test_what_cannot_be_sent_waits_and_its_address_stands_nowhere(record, receiver, caplog):
    caplog.set_level(logging.DEBUG)
    receiver.answer = 500
    run(found("a", severity="S1"))
    alerts.send_quietly()
    tieout("alerts", code=3)
    receiver.answer = 200
    assert "1 alert sent" in tieout("alerts")
    assert rows("select attempt_no, outcome from recon.alert_deliveries order by 1") == [
        (1, "failed"),
        (2, "failed"),
        (3, "sent"),
    ]
    written = caplog.text + str(rows("select * from recon.alert_deliveries"))
    assert "could not be sent" in caplog.text
    assert "token-5e" not in written


def test_a_break_that_was_settled_before_anybody_could_be_told_is_not_told(record, receiver):
    run(found("a", severity="S1"))
    say("a", "resolved", reason="booked", approver="ben")
    assert "Everybody was told" in tieout("alerts")
    assert receiver.messages == []


def test_without_an_address_nobody_is_told_and_nothing_fails(record, monkeypatch):
    monkeypatch.delenv("TIEOUT_ALERT_URLS", raising=False)
    run(found("a", severity="S1"))
    alerts.send_quietly()
    assert "set TIEOUT_ALERT_URLS" in tieout("alerts")
    assert rows("select count(*) from recon.alerts") == [(1,)]
