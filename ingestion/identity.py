"""Whether the figures of a load are what lies in the tables: rows in = accepted + duplicate + quarantined + late.

That the figures add up is a constraint of ``ops.loads``; here the rows themselves are counted. Duplicates are stored
nowhere, so they are what the figures leave.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any
from uuid import UUID

import psycopg
from psycopg import sql
from psycopg.rows import class_row, dict_row

from ingestion.registry import OBJECTS

USAGE_TABLE = "usage__events"
LOADS = """
    select
        loads.load_id, loads.load_seq, loads.system, loads.object, loads.delivered_on, loads.file_name, loads.retry_of,
        loads.rows_in, loads.accepted, loads.duplicate, loads.quarantined, loads.late_excluded, loads.withheld,
        coalesce(aside.quarantined, 0) as quarantined_stored, coalesce(aside.late, 0) as late_stored,
        coalesce(aside.still_open, 0) as still_open
    from ops.loads as loads
    left join (
        select
            records.load_id, count(*) filter (where records.reason <> 'late_excluded') as quarantined,
            count(*) filter (where records.reason = 'late_excluded') as late,
            count(*) filter (where retried.load_id is null) as still_open
        from quarantine.records as records
        left join quarantine.retried as retried
            on records.load_id = retried.load_id and records.line_no = retried.line_no
        group by records.load_id
    ) as aside on loads.load_id = aside.load_id
    where (%(systems)s::text[] is null or loads.system = any(%(systems)s))
        and (%(start)s::date is null or loads.delivered_on >= %(start)s)
        and (%(end)s::date is null or loads.delivered_on < %(end)s)
    order by loads.load_seq
"""
IN_LAKE = """
    select load_id, cast(sum(row_count) as bigint) from ops.lake_files
    where load_id = any(%s)
    group by load_id
"""
NEW_FIELDS = """
    select system, object, delivered_on, file_name, array_agg(field order by field collate "C") as fields
    from ops.new_fields
    where (%(systems)s::text[] is null or system = any(%(systems)s))
        and (%(start)s::date is null or delivered_on >= %(start)s)
        and (%(end)s::date is null or delivered_on < %(end)s)
    group by system, object, delivered_on, file_name, load_id
    order by min(known_at), system, object, file_name
"""


@dataclass(frozen=True, slots=True)
class LoadIdentity:
    """The figures of one load and the rows stored of it; ``accepted_stored`` is None when they were not counted.

    ``still_open`` are its records in quarantine that were not retried; ``withheld`` its personal values not stored.
    """

    load_id: UUID
    system: str
    object: str
    delivered_on: date
    file_name: str
    retry_of: UUID | None
    rows_in: int
    accepted: int
    duplicate: int
    quarantined: int
    late_excluded: int
    withheld: int
    accepted_stored: int | None
    quarantined_stored: int
    late_stored: int
    still_open: int

    @property
    def holds(self) -> bool:
        """Whether every record that came in is accounted for, and lies where the figures say."""
        return (
            self.rows_in == self.accepted + self.duplicate + self.quarantined + self.late_excluded
            and self.accepted_stored in (None, self.accepted)
            and (self.quarantined_stored, self.late_stored) == (self.quarantined, self.late_excluded)
        )

    @property
    def sentence(self) -> str:
        """The identity in words, with the stored rows where they differ."""
        place = f"{self.system}/{self.object}/{self.delivered_on}/{self.file_name}"
        return (
            f"{place}: {self.rows_in} in = {self.accepted} accepted + {self.duplicate} duplicate "
            f"+ {self.quarantined} quarantined + {self.late_excluded} late; stored: {self.accepted_stored} accepted, "
            f"{self.quarantined_stored} quarantined, {self.late_stored} late"
        )


def identities(
    connection: psycopg.Connection[Any],
    systems: Sequence[str] | None = None,
    start: date | None = None,
    end: date | None = None,
    *,
    count_rows: bool = True,
) -> list[LoadIdentity]:
    """The identity of every load delivered in [start, end), in the order of loading; rows of raw counted or not."""
    given = {"systems": list(systems) if systems else None, "start": start, "end": end}
    with connection.cursor(row_factory=dict_row) as cursor:
        loads = cursor.execute(LOADS, given).fetchall()
    stored = dict(_stored(connection, loads)) if count_rows else {}
    return [
        LoadIdentity(
            **{name: value for name, value in load.items() if name != "load_seq"},
            accepted_stored=stored.get(load["load_id"], 0) if count_rows else None,
        )
        for load in loads
    ]


@dataclass(frozen=True, slots=True)
class NewFields:
    """The fields of one delivered file that no file of its object which was loaded before had; names in order."""

    system: str
    object: str
    delivered_on: date
    file_name: str
    fields: list[str]


def new_fields(
    connection: psycopg.Connection[Any],
    systems: Sequence[str] | None = None,
    start: date | None = None,
    end: date | None = None,
) -> list[NewFields]:
    """Files delivered in [start, end) that brought something new, in the order of loading."""
    given = {"systems": list(systems) if systems else None, "start": start, "end": end}
    with connection.cursor(row_factory=class_row(NewFields)) as cursor:
        return cursor.execute(NEW_FIELDS, given).fetchall()


def _stored(connection: psycopg.Connection[Any], loads: Sequence[dict[str, Any]]) -> Iterator[tuple[UUID, int]]:
    """Rows of raw by load, table by table, and of the lake; each table has an index that finds the rows of a load.

    The rows of the lake are those that its list promises; a build proves them.
    """
    by_object: dict[tuple[str, str], list[dict[str, Any]]] = {}
    for load in loads:
        by_object.setdefault((load["system"], load["object"]), []).append(load)
    for key, of_object in by_object.items():
        spec = OBJECTS.get(key)
        if spec is None:
            continue
        column = "load_seq" if spec.table == USAGE_TABLE else "load_id"
        query = sql.SQL("select load_id, count(*) from {table} where {column} = any(%s) group by load_id").format(
            table=sql.Identifier("raw", spec.table), column=sql.Identifier(column)
        )
        yield from connection.execute(query, ([load[column] for load in of_object],)).fetchall()
    # A load is in one lane, so no load is counted twice.
    yield from connection.execute(IN_LAKE, ([load["load_id"] for load in loads],)).fetchall()
