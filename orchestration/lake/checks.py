"""Checks of usage events that lie in the lake: the rules of Postgres, asked of the listed files by DuckDB."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date
from typing import Any

import duckdb

from expectations.raw_suites import RETURNING_DAYS, USAGE_EVENTS
from expectations.rules import Suite
from expectations.runner import Finding, Look, batch_query, crash, failing_rows_query, finding
from ingestion.lake import LakeUnset, lake
from ingestion.stores import StoreFailed
from orchestration.lake.days import is_lake_lane
from orchestration.lake.state import LakeUnreadable, database_file, events_of, in_short, reading
from warehouse.connection import connect

# What the rules read: files of the days around those of the events that were delivered, and what was delivered.
FILES = """
    with delivered as (
        select min(occurred_on) - %(reach)s as first, max(occurred_on) + %(reach)s as last
        from ops.lake_files
        where delivered_on >= %(start)s and delivered_on < %(end)s
    )
    select lake_files.path
    from ops.lake_files
    inner join delivered on lake_files.occurred_on between delivered.first and delivered.last
    order by lake_files.path
"""
LOADS = "select system, object, delivered_on, load_seq from ops.loads where delivered_on >= %s and delivered_on < %s"


def looks() -> dict[str, Look]:
    """How the suites are looked at that have no rows in Postgres; none in the other lane."""
    return {USAGE_EVENTS.name: look} if is_lake_lane() else {}


def look(suite: Suite, start: date, end: date) -> list[Finding]:
    """Findings of the delivery days [start, end); a lake that cannot be read is a crash of every rule."""
    query = batch_query(suite, start, end)
    try:
        with _events(start, end) as session:
            return [finding(rule, _count(session, failing_rows_query(rule, query))) for rule in suite.rules]
    except LakeUnreadable as error:
        return [crash(rule, str(error)) for rule in suite.rules]


def failing_rows_of_lake(verdict_sql: str, start: date, end: date, limit: int) -> list[dict[str, Any]]:
    """The failing rows that a verdict's SQL retrieves from the lake. Raises LakeUnreadable."""
    with _events(start, end) as session:
        rows = session.sql(f"select * from ({verdict_sql}) as failing limit {int(limit)}")  # noqa: S608  SQL of a rule
        found: list[dict[str, Any]] = rows.to_arrow_table().to_pylist()
    return found


@contextmanager
def _events(start: date, end: date) -> Iterator[duckdb.DuckDBPyConnection]:
    """A session in which raw.usage__events and ops.loads are what the rules about [start, end) read of them."""
    with connect("auditor", autocommit=True) as warehouse:
        files = warehouse.execute(FILES, {"start": start, "end": end, "reach": RETURNING_DAYS}).fetchall()
        loads = warehouse.execute(LOADS, (start, end)).fetchall()
    try:
        store = lake()
        with reading(store) as session:
            session.execute("set temp_directory = ?", [str(database_file().with_name("checks"))])
            session.execute("create schema raw")
            session.execute("create schema ops")
            session.execute(f"create view raw.usage__events as {events_of(store, [path for (path,) in files])}")
            session.execute(
                "create table ops.loads (system varchar, object varchar, delivered_on date, load_seq bigint)"
            )
            if loads:
                session.executemany("insert into ops.loads values (?, ?, ?, ?)", loads)
            yield session
    except (LakeUnset, StoreFailed, duckdb.Error) as error:
        raise LakeUnreadable(f"The lake cannot be asked: {in_short(str(error))}") from error


def _count(session: duckdb.DuckDBPyConnection, query: str) -> int:
    row = session.execute(f"select count(*) from ({query}) as failing").fetchone()  # noqa: S608  SQL of a rule
    return int(row[0]) if row else 0
