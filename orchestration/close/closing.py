"""Closing a month, planning it, and opening it again.

A close is one transaction: it posts what is due, asks the gates, and locks the month with its digests. Whatever breaks
on the way leaves the month as it was.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any
from uuid import uuid4

import psycopg
from psycopg.rows import dict_row

from orchestration.close.gates import Gate, read_gates
from orchestration.close.posting import LOCK, PeriodClosed, PostedMonth, closed_sentence, open_months, post
from orchestration.code_version import code_version
from warehouse.connection import connect
from warehouse.errors import WarehouseError
from warehouse.lock import PREFIX, hold_writer_lock

# What dbt builds from the books.
BOOKS_AND_BELOW = "source:ledger+"
# Looks at the whole history, so builds do it, when what the rules say may have changed. Posting does not change that:
# int_ledger__differences takes what was posted since off it, and what controls compare is as it was.
# The views of it are made anew, because a table that is made anew takes the views on it with it.
SIDES = "path:models/reconciliation/sides+"
COMPARED_BY_BUILDS = (
    "int_ledger__unposted",
    f"{SIDES},config.materialized:table",
    f"{SIDES},config.materialized:incremental",
    f"{SIDES},resource_type:test",
    f"{SIDES},resource_type:unit_test",
    # The database itself holds what these say of every line (0016_ledger.sql), and the gates were asked by the close.
    "fct_journal_lines+1,resource_type:test",
    "recon_ledger_gate+1,resource_type:test",
)
STATUS = "select status from ledger.periods where entity = %(entity)s and period = %(period)s"
# What the models were built from: closing takes into account what the last good build knew, and nothing later.
SNAPSHOT = """
    with built as (
        select max(to_load_seq) as load_seq from ops.builds where status = 'succeeded'
    )

    select
        built.load_seq,
        max(loads.known_at) as as_of,
        coalesce(
            jsonb_object_agg(loads.system, loads.delivered_on) filter (where loads.system is not null), '{}'
        ) as deliveries
    from built
    left join (
        select system, max(delivered_on) as delivered_on, max(known_at) as known_at
        from ops.loads
        where load_seq <= (select load_seq from built)
        group by system
    ) as loads on true
    group by built.load_seq
"""
EVENT = """
    insert into ledger.period_events (
        entity, period, event, preparer, approver, reason, code_version, as_of, load_seq, evidence
    )
    values (
        %(entity)s, %(period)s, %(event)s, %(preparer)s, %(approver)s, %(reason)s, %(code_version)s, %(as_of)s,
        %(load_seq)s, %(evidence)s
    )
"""
# The closing and its reports, which are of the month while it is closing: read before the event, kept with it.
CLOSING = """
    with reports as materialized (
        select
            report,
            row_number() over (partition by report order by content collate "C") as row_no,
            content::jsonb as content
        from reconciliation.recon_closing_reports
        where entity = %(entity)s and period = %(period)s
    ),

    digest as (
        select
            count(*) as row_count,
            encode(sha256(convert_to(coalesce(string_agg(
                ledger.report_text(report, row_no, content), chr(10) order by report collate "C", row_no
            ), ''), 'UTF8')), 'hex') as sha256
        from reports
    ),

    closing as (
        insert into ledger.period_events (
            entity, period, event, preparer, approver, reason, code_version, as_of, load_seq, evidence
        )
        select
            %(entity)s, %(period)s, %(event)s, %(preparer)s, %(approver)s, %(reason)s, %(code_version)s, %(as_of)s,
            %(load_seq)s,
            %(evidence)s::jsonb
            || jsonb_build_object('reports', jsonb_build_object('rows', row_count, 'sha256', sha256))
        from digest
        returning entity, event_no
    )

    insert into ledger.closing_reports (entity, event_no, report, row_no, content)
    select closing.entity, closing.event_no, reports.report, reports.row_no, reports.content
    from reports
    cross join closing
"""
NO_FACTS = {"approver": None, "reason": None, "code_version": None, "as_of": None, "load_seq": None, "evidence": None}
CLOSED = """
    select
        preparer, approver, happened_at, code_version, as_of, load_seq, line_count,
        encode(chain_head, 'hex') as chain_head,
        encode(trial_balance_sha256, 'hex') as trial_balance_sha256
    from ledger.period_events
    where entity = %(entity)s and period = %(period)s and event = 'closed' and evidence ->> 'run' = %(run)s
"""
EVENTS_LOCK = "select pg_advisory_xact_lock(hashtextextended('tieout ledger events ' || %(entity)s, 0))"


class CloseRefused(WarehouseError):
    """The month cannot be closed, or opened again, as asked; the message says why and what to do."""


class GatesOpen(CloseRefused):
    """Gates have rows to look at; ``plan`` holds them."""

    def __init__(self, plan: ClosePlan) -> None:
        names = ", ".join(f"{gate.name} ({len(gate.reasons)})" for gate in plan.open_gates)
        super().__init__(
            f"{plan.period:%Y-%m} is not ready, nothing was posted or closed. Open gates: {names}. "
            f"See them with what to do: tieout close plan --period {plan.period:%Y-%m}"
        )
        self.plan = plan


@dataclass(frozen=True)
class ClosePlan:
    """What a close of a month would post, and how its gates then stand."""

    entity: str
    period: date
    posted: list[PostedMonth]
    gates: list[Gate]

    @property
    def open_gates(self) -> list[Gate]:
        """Those that keep the month from closing."""
        return [gate for gate in self.gates if gate.status == "open"]


@dataclass(frozen=True)
class Closed:
    """A closing as the books hold it: who, when, with what code, out of which deliveries, and its digests in hex."""

    entity: str
    period: date
    preparer: str
    approver: str
    happened_at: datetime
    code_version: str
    as_of: datetime | None
    load_seq: int
    line_count: int
    chain_head: str
    trial_balance_sha256: str
    posted: list[PostedMonth] = field(default_factory=list)
    gates: list[Gate] = field(default_factory=list)


def plan(entity: str, period: date) -> ClosePlan:
    """Try the close of a month and take it back: what it would post, and the gates as they would stand.

    Raises CloseRefused when it cannot come as far as the gates, PeriodClosed for a closed month.
    """
    with _books("tieout close plan") as connection, connection.transaction(force_rollback=True):
        posted, _ = _prepare(connection, entity, period, "plan")
        return ClosePlan(entity, period, posted, read_gates(connection, entity, period, {}))


def close_month(
    entity: str, period: date, preparer: str, approver: str, waivers: Mapping[str, str] | None = None
) -> Closed:
    """Post, ask the gates and lock the month, in one transaction.

    ``waivers`` names gates that may stay open, with the reason that is kept. Raises GatesOpen, PeriodClosed,
    CloseRefused (also when the connection broke and nothing was closed) and WriterBusy.
    """
    run = str(uuid4())
    try:
        with _books("tieout close run") as connection, connection.transaction():
            posted, gates = _close(connection, entity, period, preparer, approver, waivers or {}, run)
    except psycopg.OperationalError as broken:
        closed = _found(entity, period, run)
        if closed is None:
            raise CloseRefused(
                f"The close did not come to its end ({broken}): {period:%Y-%m} was not closed and nothing was "
                "posted. Run it again."
            ) from broken
        return closed
    closed = _found(entity, period, run)
    if closed is None:
        raise RuntimeError("the closing that was just written is not there")
    return Closed(**{**vars(closed), "posted": posted, "gates": gates})


def reopen(entity: str, period: date, preparer: str, approver: str, reason: str) -> None:
    """Open a closed month again, on record. Its digests at closing stay. Raises CloseRefused."""
    asked = {"entity": entity, "period": period, "event": "reopened", "preparer": preparer, "approver": approver}
    with _books("tieout close reopen") as connection:
        connection.execute(EVENT, {**NO_FACTS, **asked, "reason": reason, "code_version": code_version()})


def post_month(entity: str, through: date, who: str) -> list[PostedMonth]:
    """Post what is due through a month without closing it. Raises PeriodClosed, CloseRefused and WriterBusy."""
    with _books("tieout close post") as connection:
        open_months(connection, entity, through, who)
        return post(connection, entity, through, who, code_version())


def _close(
    connection: psycopg.Connection[Any],
    entity: str,
    period: date,
    preparer: str,
    approver: str,
    waivers: Mapping[str, str],
    run: str,
) -> tuple[list[PostedMonth], list[Gate]]:
    posted, snapshot = _prepare(connection, entity, period, preparer)
    gates = read_gates(connection, entity, period, waivers)
    found = ClosePlan(entity, period, posted, gates)
    if found.open_gates:
        raise GatesOpen(found)
    useless = sorted(waivers.keys() - {gate.name for gate in gates if gate.status == "waived"})
    if useless:
        raise CloseRefused(f"Nothing to waive: {', '.join(useless)}. Gates that are open: none.")
    evidence = {
        "run": run,
        "deliveries": snapshot["deliveries"],
        "gates": [gate.as_record() for gate in gates],
    }
    facts = {
        "reason": None,
        "code_version": code_version(),
        "as_of": snapshot["as_of"],
        "load_seq": snapshot["load_seq"],
        "evidence": json.dumps(evidence),
    }
    asked = {"entity": entity, "period": period, "event": "closed", "preparer": preparer, "approver": approver}
    connection.execute(CLOSING, {**asked, **facts})
    open_months(connection, entity, _next_month(period), preparer)
    return posted, gates


def _prepare(
    connection: psycopg.Connection[Any], entity: str, period: date, who: str
) -> tuple[list[PostedMonth], dict[str, Any]]:
    """Begin the closing of a month and post what is due through it; what was posted, and out of which deliveries."""
    hold_writer_lock(connection)
    asked = {"entity": entity, "period": period}
    connection.execute(LOCK, asked)
    with connection.cursor(row_factory=dict_row) as cursor:
        snapshot = cursor.execute(SNAPSHOT).fetchone()
    if snapshot is None or snapshot["load_seq"] is None:
        raise CloseRefused("Nothing is built yet. Run: tieout load <landing folder>, then tieout build")
    status = connection.execute(STATUS, asked).fetchone()
    if status == ("closed",):
        raise PeriodClosed(closed_sentence(connection, entity, period))
    open_months(connection, entity, period, who)
    if status != ("closing",):
        connection.execute(EVENT, {**NO_FACTS, **asked, "event": "closing", "preparer": who})
    posted = post(connection, entity, period, who, code_version())
    connection.execute("set constraints all immediate")
    return posted, snapshot


@contextmanager
def _books(holder: str) -> Iterator[psycopg.Connection[Any]]:
    """The closer's connection; what the database refuses is told in its own words."""
    with connect("closer", application_name=PREFIX + holder) as connection:
        try:
            yield connection
        except psycopg.errors.CheckViolation as refused:
            raise CloseRefused(_two_people(refused)) from refused
        except (
            psycopg.errors.ObjectNotInPrerequisiteState,
            psycopg.errors.IntegrityConstraintViolation,
        ) as refused:
            hint = f" {refused.diag.message_hint}" if refused.diag.message_hint else ""
            raise CloseRefused(f"{refused.diag.message_primary}{hint}") from refused
        except psycopg.errors.LockNotAvailable as busy:
            raise CloseRefused(
                "Somebody is posting into this month right now. Run it again when they are done."
            ) from busy
        except psycopg.errors.UndefinedTable as missing:
            raise CloseRefused(f"Not built yet: {missing.diag.message_primary}. Run: tieout build") from missing


def _two_people(refused: psycopg.errors.CheckViolation) -> str:
    said = {
        "closing_and_reopening_take_two_people": "Closing and reopening take two people: name an approver who is not "
        "the preparer.",
        "reopening_says_why": "Reopening a month needs a reason that an auditor can read.",
    }
    return said.get(refused.diag.constraint_name or "", str(refused.diag.message_primary))


def _found(entity: str, period: date, run: str) -> Closed | None:
    """The closing of this run, once whatever the server still does with it is over. One lost connection is forgiven."""
    asked = {"entity": entity, "period": period, "run": run}
    try:
        return _read_closed(asked)
    except psycopg.OperationalError:
        return _read_closed(asked)


def _read_closed(asked: Mapping[str, Any]) -> Closed | None:
    with connect("closer") as connection, connection.cursor(row_factory=dict_row) as cursor:
        cursor.execute(EVENTS_LOCK, asked)
        found = cursor.execute(CLOSED, asked).fetchone()
    return Closed(asked["entity"], asked["period"], **found) if found else None


def _next_month(period: date) -> date:
    return date(period.year + period.month // 12, period.month % 12 + 1, 1)
