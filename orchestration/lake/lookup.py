"""Single events of the lake, by their id: what landed, and from which file and line."""

from __future__ import annotations

from datetime import date
from typing import Any

import duckdb
import psycopg
from psycopg.rows import dict_row

from ingestion.lake import LakeUnset, lake
from ingestion.stores import StoreFailed
from orchestration.lake.state import LakeUnreadable, events_of, in_short, reading

FILES = """
    select path from ops.lake_files
    where %(day)s::date is null or occurred_on = %(day)s
    order by path
"""
LOADS = """
    select cast(load_id as text) as load_id, concat_ws('/', system, object, delivered_on, file_name) as file
    from ops.loads where cast(load_id as text) = any(%(loads)s)
"""
FOUND = """
    select load_id, line_no, source, event_id, event_type, subject as account_id, occurred_at, occurred_on, quantity
    from ({events}) as events
    where event_id = $id and (cast($source as varchar) is null or source = $source)
    order by source, occurred_on, load_seq, line_no
"""


def landed(
    connection: psycopg.Connection[Any], event_id: str, source: str | None, day: date | None
) -> list[dict[str, Any]]:
    """Every event of the lake with this id: its columns, and ``file_line``, where it was loaded from.

    ``day`` is the UTC day it happened on; without it the ids of the whole lake are read. Raises LakeUnreadable.
    """
    with connection.cursor(row_factory=dict_row) as cursor:
        paths = [row["path"] for row in cursor.execute(FILES, {"day": day})]
        try:
            rows = _rows(paths, {"id": event_id, "source": source})
        except (LakeUnset, StoreFailed, duckdb.Error) as error:
            raise LakeUnreadable(f"The lake cannot be read: {in_short(str(error))}") from error
        loads = cursor.execute(LOADS, {"loads": [row["load_id"] for row in rows]}).fetchall()
    files = {row["load_id"]: row["file"] for row in loads}
    return [{**row, "file_line": f"{files[row['load_id']]}:{row['line_no']}"} for row in rows]


def _rows(paths: list[str], given: dict[str, Any]) -> list[dict[str, Any]]:
    store = lake()
    with reading(store) as session:
        found: list[dict[str, Any]] = (
            session.sql(FOUND.format(events=events_of(store, paths)), params=given).to_arrow_table().to_pylist()
        )
    return found
