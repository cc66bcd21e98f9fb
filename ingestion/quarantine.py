"""What did not enter raw, for the people who have to do something about it.

All functions read over a connection that may read quarantine, ops and intermediate (``connect("auditor")`` may).
A record is open until it is retried with another outcome, or a later delivery brings it whole. The latter, and what a
record would be worth, is worked out by the models of ``intermediate.int_quarantine__records`` as of the last build;
before the first build nothing is superseded and every value is unknown.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import date
from typing import Any, LiteralString
from uuid import UUID

import psycopg
from psycopg.rows import class_row

from ingestion.remedies import remedy_of

FEW = 50


@dataclass(frozen=True, slots=True)
class ReasonCount:
    """Quarantined records of one object, reason, state and currency, and what they would be worth.

    ``state`` is ``open``, ``superseded`` or ``retried``. ``estimated_minor`` is in minor units of ``currency``, both
    None where ``method`` is ``unknown``. ``oldest_days`` counts from the first delivery date to the last day that
    anybody delivered.
    """

    system: str
    object: str
    reason: str
    state: str
    records: int
    currency: str | None
    estimated_minor: int | None
    method: str
    first_delivered_on: date
    last_delivered_on: date
    oldest_days: int
    example: str

    def as_dict(self) -> dict[str, Any]:
        """For JSON, with owner and remedy."""
        remedy = remedy_of(self.reason)
        return {"kind": "record", **asdict(self), "owner": remedy.owner, "remedy": remedy.text}


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
    state: str
    currency: str | None
    estimated_minor: int | None
    method: str


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
    oldest_days: int

    def as_dict(self) -> dict[str, Any]:
        """For JSON, with owner and remedy."""
        remedy = remedy_of(self.reason)
        return {"kind": "file", **asdict(self), "owner": remedy.owner, "remedy": remedy.text}


VALUED = """
    select load_id, line_no, state, currency, estimated_minor, method from intermediate.int_quarantine__records
"""
NOT_BUILT = """
    select
        null::uuid as load_id, null::bigint as line_no, null as state, null as currency,
        null::bigint as estimated_minor, null as method
    where false
"""
STATED = """
    with valued as ({valued}),

    last_day as (select max(delivered_on) as delivered_on from ops.loads),

    stated as (
        select
            records.*, loads.file_name,
            case when retried.load_id is not null then 'retried' else coalesce(valued.state, 'open') end as state,
            valued.currency, valued.estimated_minor, coalesce(valued.method, 'unknown') as method
        from quarantine.records as records
        left join ops.loads as loads on records.load_id = loads.load_id
        left join quarantine.retried as retried
            on records.load_id = retried.load_id and records.line_no = retried.line_no
        left join valued on records.load_id = valued.load_id and records.line_no = valued.line_no
        where (%(systems)s::text[] is null or records.system = any(%(systems)s))
            and (%(object)s::text is null or records.object = %(object)s)
            and (%(reason)s::text is null or records.reason = %(reason)s)
            and (%(load_id)s::uuid is null or records.load_id = %(load_id)s)
            and (%(line_no)s::bigint is null or records.line_no = %(line_no)s)
            and (%(start)s::date is null or records.delivered_on >= %(start)s)
            and (%(end)s::date is null or records.delivered_on < %(end)s)
    )
"""
REASONS = """
    select
        system, object, reason, state, count(*) as records, currency, sum(estimated_minor)::bigint as estimated_minor,
        string_agg(distinct method, ', ' order by method) as method, min(stated.delivered_on) as first_delivered_on,
        max(stated.delivered_on) as last_delivered_on,
        min(last_day.delivered_on) - min(stated.delivered_on) as oldest_days, min(detail) as example
    from stated
    cross join last_day
    group by system, object, reason, state, currency
    order by state, system, object, records desc, reason, currency
"""
RECORDS = """
    select
        load_id, line_no, system, object, delivered_on, file_name, reason, detail, record_id, raw, state, currency,
        estimated_minor, method
    from stated
    where (%(state)s::text is null or state = %(state)s)
    order by delivered_on, system, object, file_name, line_no
    limit %(limit)s
"""
REFUSED = """
    select
        refused.system, refused.object, refused.delivered_on, refused.file_name, refused.reason, refused.detail,
        (refused.reason <> 'changed_after_load' and loads.load_id is not null) as resolved,
        greatest(coalesce((select max(delivered_on) from ops.loads) - refused.delivered_on, 0), 0) as oldest_days
    from ops.refusals as refused
    left join ops.loads as loads
        on refused.system = loads.system and refused.object = loads.object
        and refused.delivered_on = loads.delivered_on and refused.file_name = loads.file_name
    order by refused.delivered_on, refused.system, refused.object, refused.file_name, refused.refusal_id
"""


def reasons(
    connection: psycopg.Connection[Any],
    systems: Sequence[str] | None = None,
    start: date | None = None,
    end: date | None = None,
) -> list[ReasonCount]:
    """Counts and values by object, reason, state and currency, of deliveries in [start, end); open ones first."""
    given = _given(systems=list(systems) if systems else None, start=start, end=end)
    with connection.cursor(row_factory=class_row(ReasonCount)) as cursor:
        return cursor.execute(_stated(connection, REASONS), given).fetchall()


def records(
    connection: psycopg.Connection[Any],
    *,
    systems: Sequence[str] | None = None,
    object_name: str | None = None,
    reason: str | None = None,
    state: str | None = None,
    load_id: UUID | None = None,
    limit: int = FEW,
) -> list[QuarantinedRecord]:
    """The first ``limit`` quarantined records, by delivery date, object, file and line."""
    given = _given(
        systems=list(systems) if systems else None,
        object=object_name,
        reason=reason,
        state=state,
        load_id=load_id,
        limit=limit,
    )
    with connection.cursor(row_factory=class_row(QuarantinedRecord)) as cursor:
        return cursor.execute(_stated(connection, RECORDS), given).fetchall()


def record(connection: psycopg.Connection[Any], load_id: UUID, line_no: int) -> QuarantinedRecord | None:
    """One quarantined record, or None."""
    given = _given(load_id=load_id, line_no=line_no, limit=1)
    with connection.cursor(row_factory=class_row(QuarantinedRecord)) as cursor:
        return cursor.execute(_stated(connection, RECORDS), given).fetchone()


def refusals(connection: psycopg.Connection[Any]) -> list[RefusedFile]:
    """Every refusal ever, oldest delivery first, and whether the file has loaded since."""
    with connection.cursor(row_factory=class_row(RefusedFile)) as cursor:
        return cursor.execute(REFUSED).fetchall()


def _given(**values: Any) -> dict[str, Any]:
    names = ("systems", "object", "reason", "state", "load_id", "line_no", "start", "end", "limit")
    return {name: values.get(name) for name in names}


def _stated(connection: psycopg.Connection[Any], query: LiteralString) -> LiteralString:
    """The query over all records with their states; the values are there once the models have been built."""
    found = connection.execute("select to_regclass('intermediate.int_quarantine__records') is not null").fetchone()
    return STATED.replace("{valued}", VALUED if found and found[0] else NOT_BUILT) + query
