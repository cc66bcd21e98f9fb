"""The DuckDB file of the lake lane: what it reads, and whether it stands where the warehouse's last build ended.

With DuckDB as the lane's engine it holds the tables; with Spark it knows the files of Spark's tables.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Sequence
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import duckdb
import psycopg

from ingestion.lake import FOLDER, LakeFile, LakeUnset, lake
from ingestion.records import FileRefused
from ingestion.stores import ObjectStore, Store, StoreFailed
from orchestration.engines.chain import Relation
from orchestration.engines.duckdb import literal_texts
from orchestration.lake.plan import EVENTS
from warehouse.errors import WarehouseError
from warehouse.settings import get_settings

LISTED = """
    select load_seq, cast(load_id as text), occurred_on, path, row_count, size_bytes, sha256, version, repeats
    from ops.lake_files
    where load_seq <= %s order by path
"""
UNFINISHED, VERIFIED = "not_taken_over", "verified_files"
# dbt's profile reads it; without it dbt loads no plugin, and nothing of an object store's client.
PLUGINS = {"TIEOUT_DUCKDB_PLUGINS": json.dumps([{"module": "orchestration.lake.dbt_plugin"}])}
NOTHING = "nothing was taken over into the warehouse."
RESTORE = f"restore the file from a copy of the lake; {NOTHING}"
USAGE_FILES = {"load_seq": "bigint", "occurred_on": "date", "row_count": "bigint", "repeats": "bigint"}
LOAD_DAYS = Relation("intermediate", "int_usage__load_days")
# Types of raw.usage__events on DuckDB; `dimensions` is the text that Postgres prints.
NO_EVENTS = """
    select
        cast(null as varchar) as load_id, cast(null as bigint) as load_seq, cast(null as bigint) as line_no,
        cast(null as timestamp with time zone) as known_at, cast(null as varchar) as source,
        cast(null as varchar) as event_id, cast(null as varchar) as event_type, cast(null as varchar) as subject,
        cast(null as timestamp with time zone) as occurred_at, cast(null as timestamp with time zone) as recorded_at,
        cast(null as decimal(38, 9)) as quantity, cast(null as varchar) as dimensions,
        cast(null as date) as delivered_on, cast(null as date) as occurred_on
    where false
"""


class LakeUnreadable(WarehouseError):
    """The lake does not hold what its list says, or does not answer."""


def database_file() -> Path:
    """The DuckDB file of this installation; it can be removed: the next build makes it anew from the lake."""
    return get_settings().state_dir.resolve() / "lake" / "usage.duckdb"


class Listed:
    """The files of the lake that loads up to one number brought, as the warehouse lists them."""

    def __init__(self, connection: psycopg.Connection[Any], to_load_seq: int) -> None:
        rows = connection.execute(LISTED, (to_load_seq,)).fetchall()
        self.files = [LakeFile(*file) for _, _, *file in rows]
        self.days = sorted((load_id, day, count) for _, load_id, day, _, count, *_ in rows)
        self.of_loads = [(load_seq, day, count, repeats) for load_seq, _, day, _, count, *_, repeats in rows]


def begin(path: Path) -> bool:
    """Note that a build works on the file; whether one did before whose rows Postgres has not taken over."""
    is_unfinished = noted(path, UNFINISHED) is not None
    with closing(duckdb.connect(path)) as session:
        session.execute(f"create table if not exists main.{UNFINISHED} (build bigint)")
    return is_unfinished


def end(path: Path) -> None:
    """Note that Postgres has taken over what the build computed."""
    with closing(duckdb.connect(path)) as session:
        session.execute(f"drop table main.{UNFINISHED}")


def goes_on(path: Path, before: Listed, now: Listed, tables: Iterable[Relation]) -> bool:
    """Whether a build can go on from the DuckDB file.

    It has every table, the days of all files up to the last good build, and of none that the warehouse does not know. A
    build that failed may have left it ahead: its loads are touched again.
    """
    if not path.exists():
        return False
    with closing(duckdb.connect(path, read_only=True)) as session:
        query = "select table_schema, table_name from information_schema.tables where table_type = 'BASE TABLE'"
        there = {Relation(*row) for row in session.execute(query).fetchall()}
        if not set(tables) <= there:
            return False
        return set(before.days) <= set(_days(session)) <= set(now.days)


def prove(path: Path, listed: Listed) -> None:
    """Raise LakeUnreadable unless every file gave the engine as many events as its list says."""
    with closing(duckdb.connect(path, read_only=True)) as session:
        found = _days(session)
    if found != listed.days:
        wrong = min(set(listed.days).symmetric_difference(found))
        raise LakeUnreadable(
            f"The lake does not hold what ops.lake_files says, for example of load {wrong[0]}, events of {wrong[1]}: "
            f"{RESTORE}"
        )


def look_for(path: Path, listed: Listed) -> dict[str, str]:
    """The version in the store of every listed file, once each is known to have the bytes that its load wrote.

    A file is hashed when its version is neither the one that its load wrote nor one that the DuckDB file ``path``
    knows. Raises LakeUnreadable when one is gone or has other bytes, or when the store does not answer.
    """
    verified = _verified(path)
    versions = {}
    try:
        store = lake()
        there = store.stats(FOLDER) if listed.files else {}
        for file in listed.files:
            found = there.get(file.path)
            if found is None:
                raise LakeUnreadable(f"{store.place}/{file.path} is gone: {RESTORE}")
            if found.version not in (file.version, verified.get(file.path)):
                _verify(store, file)
            versions[file.path] = found.version
    except (LakeUnset, FileRefused, StoreFailed, OSError) as error:
        raise LakeUnreadable(f"The lake cannot be read: {error}; {NOTHING}") from error
    return versions


def remember(path: Path, versions: dict[str, str]) -> None:
    """Note in the DuckDB file which versions of files were verified."""
    with closing(duckdb.connect(path)) as session:
        _note(session, VERIFIED, {"path": "varchar", "version": "varchar"}, list(versions.items()))


def variables() -> dict[str, str]:
    """What dbt's profile reads from the environment to read the lake."""
    return PLUGINS if isinstance(lake(), ObjectStore) else {}


def make_readable(session: duckdb.DuckDBPyConnection, store: Store) -> None:
    """Let DuckDB read the files of a lake in an object store."""
    if isinstance(store, ObjectStore):
        from orchestration.lake.objects import register  # a local lake needs no client of a store

        register(session, store)


@contextmanager
def reading(store: Store) -> Iterator[duckdb.DuckDBPyConnection]:
    """A DuckDB session of its own, in UTC, that can read the files of the lake."""
    with closing(duckdb.connect()) as session:
        make_readable(session, store)
        session.execute("set timezone = 'UTC'")
        yield session


def events_of(store: Store, paths: Iterable[str]) -> str:
    """The query that gives the events of these files of the lake, as raw.usage__events has them."""
    files = literal_texts(f"{store.place}/{path}" for path in paths)
    if not files:
        return NO_EVENTS
    return (
        f"select * from read_parquet([{files}], hive_partitioning = true, "  # noqa: S608  names of the list
        "hive_types = {'delivered_on': date, 'occurred_on': date})"
    )


def noted(path: Path, table: str) -> list[tuple[Any, ...]] | None:
    """The rows of a table of notes of the DuckDB file, None where there is no such file or table."""
    if not path.exists():
        return None
    with closing(duckdb.connect(path, read_only=True)) as session:
        if not session.execute("select 1 from duckdb_tables() where table_name = ?", [table]).fetchone():
            return None
        return session.execute(f"select * from main.{table}").fetchall()  # noqa: S608  a name of this package


def show_events(path: Path, listed: Listed) -> None:
    """Make raw.usage__events of the DuckDB file a view over the listed files, and no others.

    The table main.usage_files says what the list knows of them; the search for repeated events asks it.
    Raises LakeUnreadable when a store does not answer.
    """
    store = lake()
    with closing(duckdb.connect(path)) as session:
        make_readable(session, store)
        session.execute(f'create schema if not exists "{EVENTS.schema}"')
        view = f'"{EVENTS.schema}"."{EVENTS.name}"'
        paths = [file.path for file in listed.files]
        try:
            session.execute(f"create or replace view {view} as {events_of(store, paths)}")
        except (duckdb.Error, StoreFailed) as error:
            raise LakeUnreadable(f"The lake cannot be read: {in_short(str(error))}; {NOTHING}") from error
        _note(session, "usage_files", USAGE_FILES, listed.of_loads)


def in_short(message: str) -> str:
    """What a store did not do, without the trace that DuckDB puts around it; any other message as it is."""
    told = re.findall(r"StoreFailed: (.+)", message)
    return told[-1] if told else message


def _note(
    session: duckdb.DuckDBPyConnection, table: str, columns: dict[str, str], rows: Sequence[tuple[Any, ...]]
) -> None:
    """Make a table of notes anew; ``columns`` are names and types."""
    unnested = ", ".join(f"unnest(cast(? as {kind}[])) as {name}" for name, kind in columns.items())
    values = [[row[place] for row in rows] for place in range(len(columns))]
    session.execute(f"create or replace table main.{table} as select {unnested}", values)


def _verified(path: Path) -> dict[str, str]:
    return dict(noted(path, VERIFIED) or ())


def _verify(store: Store, file: LakeFile) -> None:
    with store.fetched(file.path) as content:
        if content.sha256 != file.sha256:
            raise LakeUnreadable(f"{store.place}/{file.path} has other bytes than were written: {RESTORE}")


def _days(session: duckdb.DuckDBPyConnection) -> list[tuple[str, Any, int]]:
    rows = session.execute(f"select load_id, occurred_on, event_count from {LOAD_DAYS}").fetchall()  # noqa: S608
    return sorted((str(load_id), day, int(count)) for load_id, day, count in rows)
