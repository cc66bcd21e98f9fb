"""The record of breaks: the same break over runs, what people may do about it, and that nothing on it changes."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date

import psycopg
import pytest

from orchestration.breaks.recording import controls_built_whole, record_failed_run, record_run
from orchestration.breaks.verification import verify
from tests.warehouse.break_rows import build, explanation, found, prepare, rows, run, say, states
from warehouse.connection import ROLES, connect

pytestmark = pytest.mark.warehouse

Refused = psycopg.errors.ObjectNotInPrerequisiteState
KEPT = ("parameter_versions", "runs", "control_runs", "populations", "break_events", "alerts", "alert_deliveries")


@pytest.fixture
def record(warehouse: str) -> Iterator[psycopg.Connection]:
    """A warehouse with the tables of a build, and the superuser's connection."""
    prepare()
    with psycopg.connect(warehouse, autocommit=True) as superuser:
        superuser.execute("set timezone to 'UTC'")
        yield superuser


def test_the_same_build_recorded_twice_changes_nothing(record):
    build_id = build(found("a"), found("b"))
    with connect("transformer") as transformer:
        assert record_run(transformer, build_id).events == {"detected": 2}
        before = rows("select * from recon.break_events order by 1"), rows("select * from recon.breaks order by 1")
        assert record_run(transformer, build_id).events == {}
    assert (
        rows("select * from recon.break_events order by 1"),
        rows("select * from recon.breaks order by 1"),
    ) == before
    assert rows("select count(*) from recon.runs") == [(1,)]


def test_a_break_that_stays_as_it_is_stays_the_same_over_ten_runs_and_ages(record):
    for day in range(10):
        run(found("a"), day=day)
    assert rows("select version, first_seen, reopened_count, status from recon.breaks") == [
        (1, date(2026, 11, 2), 0, "open")
    ]
    assert rows("select event, count(*) from recon.break_events group by 1 order by 1") == [
        ("detected", 1),
        ("run_recorded", 10),
    ]


def test_a_break_that_is_gone_is_resolved_by_the_run_that_cleared_it_and_reopened_when_it_returns(record):
    run(found("a"))
    assert run(day=1).events == {"cleared": 1}
    assert rows("select status, resolution, resolved_run_no from recon.breaks") == [("resolved_auto", "auto", 2)]
    assert run(found("a"), day=2).events == {"returned": 1}
    assert rows("select status, reopened_count, first_seen, resolution from recon.breaks") == [
        ("reopened", 1, date(2026, 11, 2), None)
    ]


def test_what_is_only_expected_opens_by_time_alone_and_is_not_reopened_when_it_was_never_open(record):
    waiting = found("a", status="expected")
    run(waiting)
    assert run(found("a"), day=1).events == {"due": 1}
    run(found("a"), found("b", status="expected"), day=2)
    run(found("a"), day=3)
    assert run(found("a"), found("b"), day=4).events == {"returned": 1}
    assert states() == {"a": "open", "b": "open"}
    assert rows("select tracking_key, first_seen, opened_on, reopened_count from recon.breaks order by 1") == [
        ("a", date(2026, 11, 2), date(2026, 11, 3), 0),
        ("b", date(2026, 11, 4), date(2026, 11, 6), 0),
    ]


def test_an_explanation_covers_its_version_and_new_values_void_it(record):
    run(found("a"))
    say("a", "explained", **explanation())
    assert states() == {"a": "explained"}
    assert run(found("a"), day=1).events == {}
    assert run(found("a", -700), day=2).events == {"changed": 1}
    assert rows("select status, version, amount_minor from recon.breaks") == [("open", 2, -700)]


def test_a_part_that_is_explained_leaves_the_rest_open_and_more_than_all_is_refused(record):
    run(found("a", -500))
    say("a", "explained", **explanation(amount_minor=-300))
    assert states() == {"a": "open"}
    for amount in (-201, 10):
        with pytest.raises(psycopg.errors.CheckViolation, match="-500 minor units, -300 of them explained"):
            say("a", "explained", **explanation(amount_minor=amount))
    say("a", "explained", **explanation())
    assert states() == {"a": "explained"}
    assert rows("select amount_minor from recon.break_events where event = 'explained' order by event_no") == [
        (-300,),
        (-200,),
    ]


def test_an_explanation_that_expires_opens_the_break_again(record):
    run(found("a"))
    say("a", "explained", **explanation(expires_on=date(2026, 11, 5)))
    assert run(found("a"), day=2).events == {}
    assert run(found("a"), day=3).events == {"expired": 1}
    assert states() == {"a": "open"}
    with pytest.raises(psycopg.errors.CheckViolation, match="covers nothing"):
        say("a", "explained", **explanation(expires_on=date(2026, 11, 5)))


def test_an_explanation_without_reason_cause_evidence_or_end_is_refused(record):
    run(found("a"))
    for lacking in ("reason", "cause", "evidence", "expires_on"):
        with pytest.raises(psycopg.errors.CheckViolation):
            say("a", "explained", **explanation(**{lacking: None}))


def test_resolving_a_grave_break_takes_a_second_person(record):
    run(found("a", severity="S1"), found("b", severity="S2"), found("c"))
    for key, event in (("a", "resolved"), ("a", "forced"), ("b", "resolved"), ("b", "forced")):
        for approver in (None, "", " Anna "):
            with pytest.raises(psycopg.errors.CheckViolation, match="two_people"):
                say(key, event, reason="booked", approver=approver)
    say("a", "resolved", reason="booked", approver="ben")
    say("b", "forced", reason="booked", approver="ben")
    say("c", "resolved", reason="booked")
    assert states() == {"a": "resolved_manual", "b": "resolved_forced", "c": "resolved_manual"}


def test_a_break_that_a_person_resolved_is_reopened_by_newer_deliveries_that_still_show_it(record):
    run(found("a"), found("b"), load_seq=5)
    say("a", "resolved", reason="credit note issued")
    say("b", "forced", reason="a known fault of the source")
    assert run(found("a"), found("b"), day=1, load_seq=5).events == {}
    assert run(found("a"), found("b"), day=2, load_seq=6).events == {"returned": 1}
    assert states() == {"a": "reopened", "b": "resolved_forced"}
    assert run(found("a"), found("b", -501), day=3, load_seq=7).events == {"returned": 1}
    assert states() == {"a": "reopened", "b": "reopened"}


def test_what_is_resolved_can_be_closed_and_nothing_else_be_done_about_it(record):
    run(found("a"), found("b"))
    with pytest.raises(Refused, match="what is resolved can be closed"):
        say("b", "closed")
    say("a", "resolved", reason="booked")
    with pytest.raises(Refused, match="there is nothing to do about it"):
        say("a", "acknowledged")
    say("a", "closed")
    assert states() == {"a": "closed", "b": "open"}
    assert run(found("b"), day=1).events == {}


def test_a_person_who_saw_another_version_is_refused(record):
    run(found("a"))
    with pytest.raises(psycopg.errors.SerializationFailure, match="has changed since: it is version 1"):
        say("a", "acknowledged", signature="what it was yesterday")


def test_people_and_runs_cannot_speak_for_each_other(record):
    run(found("a"))
    for role, event in (("transformer", "acknowledged"), ("closer", "cleared")):
        with connect(role) as writer, pytest.raises(psycopg.errors.InsufficientPrivilege, match="may not record"):
            writer.execute(
                "insert into recon.break_events (run_no, break_id, event, actor) values (1, 'b-a', %s, 'x')", (event,)
            )


def test_the_database_counts_whoever_writes(record):
    run(found("a"))
    with connect("closer") as closer:
        closer.execute(
            "insert into recon.break_events"
            " (event_no, run_no, break_id, event, actor, signature, status, happened_at, login, hash, hash_prev)"
            " select 99, 1, break_id, 'acknowledged', 'anna', signature, 'closed', '2001-01-01', 'x', '', ''"
            " from recon.breaks"
        )
    assert rows("select event_no, status from recon.break_events where event = 'acknowledged'") == [(3, "acknowledged")]
    assert verify().broken == []


def test_no_role_changes_or_deletes_what_is_on_record(record):
    run(found("a", severity="S1"))
    for table in KEPT:
        refuses_changes(record, table)


def refuses_changes(record: psycopg.Connection, table: str) -> None:
    columns = f"select max(attname) from pg_attribute where attrelid = 'recon.{table}'::regclass and attnum > 0"
    column = rows(columns)[0][0]
    for statement in (f"update recon.{table} set {column} = {column}", f"delete from recon.{table}"):
        for role in (None, *ROLES):
            with (
                connect(role) as writer,
                pytest.raises((psycopg.errors.RestrictViolation, psycopg.errors.InsufficientPrivilege)),
            ):
                writer.execute(statement.encode())
    with pytest.raises(psycopg.errors.RestrictViolation, match="append-only"):
        record.execute(f"truncate recon.{table} cascade".encode())


def test_a_break_changes_by_an_event_alone_whoever_asks(record):
    run(found("a"))
    for statement in (
        "update recon.breaks set status = 'closed'",
        "delete from recon.breaks",
        "insert into recon.breaks select * from recon.breaks",
        "truncate recon.breaks cascade",
    ):
        for role in (None, *ROLES):
            with (
                connect(role) as writer,
                pytest.raises((psycopg.errors.RestrictViolation, psycopg.errors.InsufficientPrivilege)),
            ):
                writer.execute(statement.encode())


@pytest.mark.parametrize(
    ("tampering", "event", "problem"),
    [
        ("update recon.break_events set reason = 'other' where event_no = 4", 4, "not what was recorded"),
        ("delete from recon.break_events where event_no = 2", 3, "event 2 is missing"),
        ("update recon.populations set left_count = 9", 3, "totals of run 1"),
        ("update recon.breaks set status = 'closed' where tracking_key = 'b'", 2, "not as its last event left it"),
    ],
)
def test_verification_names_the_first_link_that_does_not_hold(record, tampering, event, problem):
    run(found("a"), found("b"))
    say("a", "acknowledged", reason="seen")
    run(found("a"), found("b"), day=1)
    assert verify().broken == []
    table = tampering.split("recon.")[1].split()[0]
    record.execute(f"alter table recon.{table} disable trigger user".encode())
    record.execute(tampering.encode())
    first = verify().broken[0]
    assert first.event_no == event
    assert problem in first.problem


def test_a_record_that_is_cut_leaves_nothing(record):
    build_id = build(found("a"))
    with connect("transformer") as transformer:
        transformer.execute("alter table reconciliation.recon_control_totals rename to moved")
        transformer.commit()
        with pytest.raises(psycopg.errors.UndefinedTable):
            record_run(transformer, build_id)
        transformer.rollback()
        transformer.execute("alter table reconciliation.moved rename to recon_control_totals")
        transformer.commit()
    assert rows("select (select count(*) from recon.runs) + (select count(*) from recon.parameter_versions)") == [(0,)]
    with connect("transformer") as transformer:
        assert record_run(transformer, build_id).events == {"detected": 1}


def test_what_is_left_of_a_break_is_less_what_is_explained_until_it_expires(record):
    run(found("a", -500), found("b", None), found("c", 90), found("d", 10))
    say("a", "explained", **explanation(amount_minor=-300))
    say("b", "explained", **explanation(expires_on=date(2026, 11, 4)))
    say("c", "forced", reason="the source will not change")
    left = "select break_id, remaining_minor, is_unexplained from reconciliation.recon_open_breaks order by 1"
    assert rows(left) == [("b-a", -200, True), ("b-b", None, False), ("b-c", 0, False), ("b-d", 10, True)]
    build(found("a", -501), found("b", None), found("c", 91), found("d", 10), day=2)
    assert rows(left) == [("b-a", -501, True), ("b-b", None, True), ("b-c", 91, True), ("b-d", 10, True)]


AGES = {
    "2026-11-02": (0, "0-1"),
    "2026-10-31": (1, "0-1"),
    "2026-10-30": (1, "0-1"),
    "2026-10-26": (5, "2-5"),
    "2026-10-19": (10, "6-10"),
    "2026-10-16": (11, "11-30"),
    "2026-08-10": (60, "31-60"),
    "2026-08-07": (61, "60+"),
}


def test_a_break_ages_in_business_days_from_its_business_date(record):
    run(*(found(day, business_on=date.fromisoformat(day)) for day in AGES))
    aged = rows("select tracking_key, age_business_days, ageing_bucket from reconciliation.recon_break_register")
    assert {day: (age, bucket) for day, age, bucket in aged} == AGES


def test_a_control_that_was_not_built_is_a_break_until_it_runs_again(record):
    run(found("a"))
    failed = build(found("a"), day=1)
    with connect("transformer") as transformer:
        told = record_failed_run(
            transformer, failed, {"recon_b1__rated_to_invoiced": "success", "recon_c4__payouts_to_bank": "skipped"}
        )
    assert told.events == {"detected": 1}
    assert rows("select control_id, tracking_key, break_class, severity from recon.breaks where control_id = 'P2'") == [
        ("P2", "C4|not built", "NOT_RUN", "S1")
    ]
    assert rows("select control_id, state from recon.control_runs where run_no = 2") == [("C4", "not run")]
    assert run(found("a"), day=1).events == {"cleared": 1}


def test_a_build_of_some_models_speaks_for_the_controls_that_it_built_and_for_nobody_else(record):
    run(found("a"), found("b"), found("paid", control_id="C4"))
    failed = build(found("a"), found("paid", control_id="C4"), day=1)
    with connect("transformer") as transformer:
        record_failed_run(
            transformer, failed, {"recon_b1__rated_to_invoiced": "skipped", "recon_c4__payouts_to_bank": "skipped"}
        )
    assert states() == {"a": "open", "b": "open", "paid": "open", "B1|not built": "open", "C4|not built": "open"}
    some = build(found("a", amount=-700), day=2)
    with connect("transformer") as transformer:
        told = record_run(transformer, some, frozenset({"b1"}))
    assert told.events == {"changed": 1, "cleared": 2}
    assert states() == {
        "a": "open",
        "b": "resolved_auto",
        "paid": "open",
        "B1|not built": "resolved_auto",
        "C4|not built": "open",
    }
    assert rows("select control_id, state from recon.control_runs where run_no = 3 order by 1") == [
        ("B1", "ran"),
        ("C4", "not run"),
    ]
    assert run(found("a", amount=-700), day=3).events == {"cleared": 2}


def test_a_control_is_whole_when_all_that_it_has_was_built(record):
    with connect("transformer") as transformer:
        for name in ("recon_b1__expected", "recon_b1__rated_to_invoiced", "recon_c4__payouts_to_bank"):
            transformer.execute(f"create table reconciliation.{name} (tracking_key text)".encode())
        common = dict.fromkeys(("recon_breaks", "recon_control_totals", "recon_control_states"), "success")
        of_b1 = {"recon_b1__expected": "success", "recon_b1__rated_to_invoiced": "success"}
        assert controls_built_whole(transformer, common | of_b1) == {"b1"}
        assert controls_built_whole(transformer, common | of_b1 | {"recon_b1__expected": "error"}) == set()
        assert controls_built_whole(transformer, common | {"recon_b1__rated_to_invoiced": "success"}) == set()
        assert controls_built_whole(transformer, of_b1 | {"recon_breaks": "success"}) == set()


def test_a_grave_break_asks_for_one_alert_a_version(record):
    grave = found("a", severity="S1")
    run(grave, found("b"), found("c", severity="S2", status="expected"))
    run(grave, found("b"), found("c", severity="S2"), day=1)
    run(grave, day=2)
    run(grave, found("c", severity="S2", right="other"), day=3)
    assert rows("select break_id, version from recon.alerts order by 1, 2") == [("b-a", 1), ("b-c", 1), ("b-c", 2)]
