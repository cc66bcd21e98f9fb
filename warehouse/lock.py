"""One writer: whoever builds the warehouse holds a Postgres advisory lock.

The server frees it when the holder dies, so there is never a lock to clean up.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import psycopg

from warehouse.connection import ensure_started
from warehouse.errors import WriterBusy

WRITER_LOCK = 7_340_021_001
LOAD_LOCK = 7_340_021_002
CONFORMANCE_LOCK = 7_340_021_003
REPRODUCTION_LOCK = 7_340_021_004
PREFIX = "tieout writer: "
NAME_BYTES = 63  # Postgres cuts longer application names, and keeps plain ASCII of them
HOLDER = """
    select activity.application_name, activity.backend_start, activity.pid
    from pg_locks as locks
    inner join pg_stat_activity as activity on locks.pid = activity.pid
    where locks.locktype = 'advisory' and locks.granted
        and locks.database = (select oid from pg_database where datname = current_database())
        and locks.classid::bigint = %(key)s::bigint >> 32
        and locks.objid::bigint = %(key)s::bigint & 4294967295
        and locks.objsubid = 1
"""


@contextmanager
def writer_lock(
    conn_url: str | None = None, *, holder: str, wait_seconds: float = 0
) -> Iterator[psycopg.Connection[Any]]:
    """Hold the writer lock of the warehouse; yields the connection that holds it.

    ``holder`` says who writes, for the one who comes second. The lock lives on a connection of its own and ends with
    it. Raises WriterBusy, naming the holder and since when (UTC), when the lock is not free within ``wait_seconds``.
    """
    name = (PREFIX + holder).encode("ascii", "replace").decode()[:NAME_BYTES]
    with psycopg.connect(conn_url or ensure_started(), autocommit=True, application_name=name) as connection:
        connection.execute("set timezone to 'UTC'")
        deadline = time.monotonic() + wait_seconds
        while not _taken(connection):
            if time.monotonic() >= deadline:
                raise WriterBusy(_who(connection))
            time.sleep(0.2)
        yield connection


def hold_writer_lock(connection: psycopg.Connection[Any]) -> None:
    """Take the writer lock on this connection, until its transaction ends. Raises WriterBusy, naming the holder.

    The connection's application name says who writes: ``PREFIX`` and what it does.
    """
    row = connection.execute("select pg_try_advisory_xact_lock(%s)", (WRITER_LOCK,)).fetchone()
    if not (row and row[0]):
        raise WriterBusy(_who(connection))


def current_holder(connection: psycopg.Connection[Any]) -> str | None:
    """A sentence on who holds the writer lock, or None when nobody does."""
    found = connection.execute(HOLDER, {"key": WRITER_LOCK}).fetchone()
    if found is None:
        return None
    name, since, pid = found
    started = f"{since:%Y-%m-%d %H:%M:%S} UTC" if since else "an unknown time"
    return f"{str(name).removeprefix(PREFIX)} has been writing since {started} (server process {pid})"


def hold_load_lock(connection: psycopg.Connection[Any]) -> None:
    """Wait for the lock under which load numbers are given; it ends with the current transaction."""
    connection.execute("select pg_advisory_xact_lock(%s)", (LOAD_LOCK,))


def _taken(connection: psycopg.Connection[Any]) -> bool:
    row = connection.execute("select pg_try_advisory_lock(%s)", (WRITER_LOCK,)).fetchone()
    return bool(row and row[0])


def _who(connection: psycopg.Connection[Any]) -> str:
    holder = current_holder(connection) or "Somebody was writing a moment ago"
    return f"The warehouse has one writer at a time: {holder}. Wait for it, or stop it, and run this again."
