"""What did not enter raw, for the people who have to do something about it; and what did, file by file.

All functions read over a connection that may read quarantine and ops (for example ``connect("auditor")``).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any
from uuid import UUID

import psycopg
from psycopg.rows import class_row

FEW = 50


@dataclass(frozen=True, slots=True)
class ReasonCount:
    """Quarantined records of one object and reason: how many, between which delivery dates, and an example."""

    system: str
    object: str
    reason: str
    records: int
    first_delivered_on: date
    last_delivered_on: date
    example: str


@dataclass(frozen=True, slots=True)
class QuarantinedRecord:
    """One record. ``detail`` names file, line and remedy; ``raw`` is what came (of usage: declared fields alone)."""

    load_id: UUID
    line_no: int
    system: str
    object: str
    delivered_on: date
    file_name: str
    reason: str
    detail: str
    record_id: str | None
    raw: str


@dataclass(frozen=True, slots=True)
class RefusedFile:
    """A file that did not load. ``resolved`` once a file of this name has loaded."""

    system: str
    object: str
    delivered_on: date
    file_name: str
    reason: str
    detail: str
    resolved: bool


@dataclass(frozen=True, slots=True)
class LoadedDay:
    """What landed of one object on one delivery date. rows_in = accepted + duplicate + quarantined + late_excluded."""

    delivered_on: date
    system: str
    object: str
    files: int
    rows_in: int
    accepted: int
    duplicate: int
    quarantined: int
    late_excluded: int


REASONS = """
    select
        system, object, reason, count(*) as records, min(delivered_on) as first_delivered_on,
        max(delivered_on) as last_delivered_on, min(detail) as example
    from quarantine.records
    where (%(systems)s::text[] is null or system = any(%(systems)s))
        and (%(start)s::date is null or delivered_on >= %(start)s)
        and (%(end)s::date is null or delivered_on < %(end)s)
    group by system, object, reason
    order by system, object, records desc, reason
"""
RECORDS = """
    select
        records.load_id, records.line_no, records.system, records.object, records.delivered_on, loads.file_name,
        records.reason, records.detail, records.record_id, records.raw
    from quarantine.records as records
    inner join ops.loads as loads on records.load_id = loads.load_id
    where (%(systems)s::text[] is null or records.system = any(%(systems)s))
        and (%(object)s::text is null or records.object = %(object)s)
        and (%(reason)s::text is null or records.reason = %(reason)s)
        and (%(load_id)s::uuid is null or records.load_id = %(load_id)s)
        and (%(line_no)s::bigint is null or records.line_no = %(line_no)s)
    order by records.delivered_on, records.system, records.object, loads.file_name, records.line_no
    limit %(limit)s
"""
REFUSED = """
    select
        refused.system, refused.object, refused.delivered_on, refused.file_name, refused.reason, refused.detail,
        (refused.reason <> 'changed_after_load' and loads.load_id is not null) as resolved
    from ops.refusals as refused
    left join ops.loads as loads
        on refused.system = loads.system and refused.object = loads.object
        and refused.delivered_on = loads.delivered_on and refused.file_name = loads.file_name
    order by refused.delivered_on, refused.system, refused.object, refused.file_name, refused.refusal_id
"""
STATUS = """
    select
        delivered_on, system, object, count(*) as files, sum(rows_in)::bigint as rows_in,
        sum(accepted)::bigint as accepted, sum(duplicate)::bigint as duplicate,
        sum(quarantined)::bigint as quarantined, sum(late_excluded)::bigint as late_excluded
    from ops.loads
    where (%(systems)s::text[] is null or system = any(%(systems)s))
        and (%(start)s::date is null or delivered_on >= %(start)s)
        and (%(end)s::date is null or delivered_on < %(end)s)
    group by delivered_on, system, object
    order by delivered_on, system, object
"""


def reasons(
    connection: psycopg.Connection[Any],
    systems: Sequence[str] | None = None,
    start: date | None = None,
    end: date | None = None,
) -> list[ReasonCount]:
    """Counts by object and reason, of deliveries in [start, end)."""
    given = {"systems": list(systems) if systems else None, "start": start, "end": end}
    with connection.cursor(row_factory=class_row(ReasonCount)) as cursor:
        return cursor.execute(REASONS, given).fetchall()


def records(
    connection: psycopg.Connection[Any],
    *,
    systems: Sequence[str] | None = None,
    object_name: str | None = None,
    reason: str | None = None,
    load_id: UUID | None = None,
    limit: int = FEW,
) -> list[QuarantinedRecord]:
    """The first ``limit`` quarantined records, by delivery date, object, file and line."""
    given = {
        "systems": list(systems) if systems else None,
        "object": object_name,
        "reason": reason,
        "load_id": load_id,
        "line_no": None,
        "limit": limit,
    }
    with connection.cursor(row_factory=class_row(QuarantinedRecord)) as cursor:
        return cursor.execute(RECORDS, given).fetchall()


def record(connection: psycopg.Connection[Any], load_id: UUID, line_no: int) -> QuarantinedRecord | None:
    """One quarantined record, or None."""
    given = {"systems": None, "object": None, "reason": None, "load_id": load_id, "line_no": line_no, "limit": 1}
    with connection.cursor(row_factory=class_row(QuarantinedRecord)) as cursor:
        return cursor.execute(RECORDS, given).fetchone()


def refusals(connection: psycopg.Connection[Any]) -> list[RefusedFile]:
    """Every refusal ever, oldest delivery first, and whether the file has loaded since."""
    with connection.cursor(row_factory=class_row(RefusedFile)) as cursor:
        return cursor.execute(REFUSED).fetchall()


def load_status(
    connection: psycopg.Connection[Any],
    systems: Sequence[str] | None = None,
    start: date | None = None,
    end: date | None = None,
) -> list[LoadedDay]:
    """What landed, by delivery date and object, of deliveries in [start, end)."""
    given = {"systems": list(systems) if systems else None, "start": start, "end": end}
    with connection.cursor(row_factory=class_row(LoadedDay)) as cursor:
        return cursor.execute(STATUS, given).fetchall()
