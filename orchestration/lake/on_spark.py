"""The lake lane's days on Spark: its tables are Parquet files in folders by day, which Postgres takes over as they are.

Spark never changes a file: it writes those of a day anew, under new names. So the names of a day's files say whether
Postgres has its rows. What Spark reads and writes lies in one folder, which the driver and every worker see.
"""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager, closing
from pathlib import Path

import duckdb
import pyarrow as pa
from pyarrow import parquet

from ingestion.lake import FOLDER, SCHEMA, LakeFile, lake
from ingestion.stores import LocalStore
from orchestration.engines import spark
from orchestration.engines.chain import Relation
from orchestration.engines.duckdb import literal_texts
from orchestration.engines.spark import Spark
from orchestration.lake import state
from orchestration.lake.plan import EVENTS, Table
from warehouse.connection import connect
from warehouse.settings import get_settings

# Tables of the DuckDB file: the files that Spark's tables had after the last build, and when Postgres last took over.
COMPUTED, TAKEN_OVER = "spark_computed", "spark_taken_over"
# Of the folder that is named, what is ours: it is removed when a build starts from the first event.
OURS = "tieout"

# By relation and folder (``usage_on=2026-10-27``) the names of the files.
Files = dict[tuple[Relation, str], list[str]]


class OnSpark:
    """A Spark cluster, with its tables in a folder and what is known of them in the DuckDB file."""

    target = Spark.name

    def __init__(self, path: Path) -> None:
        settings = get_settings()
        self._path = path
        self._folder = (settings.spark_folder or path.with_name("spark")).resolve().joinpath(OURS)
        self._spark = Spark(settings.spark_master, self._folder)

    @property
    def variables(self) -> dict[str, str]:
        """What dbt's profile reads from the environment."""
        return self._spark.variables

    def goes_on(self, before: state.Listed, now: state.Listed, tables: Sequence[Table]) -> bool:
        """Whether a build can go on from what is there, after a last good build that had ``before``.

        A build that was cut off may have removed a day that it was writing; the files then differ from those noted.
        """
        if not state.goes_on(self._path, before, now, [state.LOAD_DAYS]):
            return False
        return self._noted(COMPUTED) == self._files(tables)

    def begin(self, *, from_the_start: bool) -> bool:
        """Make room for a build; whether Postgres has to take over all rows after it. Raises SparkMissing."""
        spark.home()
        if from_the_start:
            self._path.unlink(missing_ok=True)
            shutil.rmtree(self._folder, ignore_errors=True)
        self._folder.mkdir(parents=True, exist_ok=True)
        return self._noted(TAKEN_OVER) is None

    def folder_of_inputs(self) -> AbstractContextManager[str]:
        """A folder for the copies of what the models read of Postgres, while the block runs."""
        return tempfile.TemporaryDirectory(prefix="inputs-", dir=self._folder)

    def show(self, files: Mapping[Relation, Path], listed: state.Listed) -> None:
        """Make the inputs and the listed events readable, and no other file of the lake.

        Raises LakeUnreadable for a lake in an object store, and SparkFailed.
        """
        store = lake()
        if not isinstance(store, LocalStore):
            raise state.LakeUnreadable(
                f"Spark reads a lake in a folder that all its workers see, and {store.place} is none: set "
                f"TIEOUT_LAKE_ENGINE=duckdb; {state.NOTHING}"
            )
        self._spark.register({**files, EVENTS: self._events(Path(store.place).resolve(), listed.files)})

    def collect(self, tables: Sequence[Table]) -> tuple[Table, ...]:
        """The tables to take over, as views of the DuckDB file, by the folders whose files Postgres does not have.

        The days of loads become a table: the next build starts from them.
        """
        now, taken_over = self._files(tables), self._noted(TAKEN_OVER)
        before = taken_over or {}
        changed = sorted(folder for folder in {**now, **before} if now.get(folder) != before.get(folder))
        collected = []
        with closing(duckdb.connect(self._path)) as session:
            for table in tables:
                folders = [folder for relation, folder in changed if relation == table.relation]
                if folders or taken_over is None:
                    self._show_rows(session, table.relation, folders, now)
                    collected.append(_keyed_by_folder(session, table.relation, folders))
            _note(session, now)
        return tuple(collected)

    def end(self) -> None:
        """Note that Postgres has taken over what was computed."""
        with closing(duckdb.connect(self._path)) as session:
            session.execute(f"create or replace table main.{TAKEN_OVER} as from main.{COMPUTED}")

    def _show_rows(
        self, session: duckdb.DuckDBPyConnection, relation: Relation, folders: Sequence[str], now: Files
    ) -> None:
        """Make the rows of these folders readable under the table's name; the days of loads all."""
        kind = "table" if relation == state.LOAD_DAYS else "view"
        shown = {folder for of, folder in now if of == relation and (kind == "table" or folder in folders)}
        paths = [self._root(relation).joinpath(folder, name) for folder in shown for name in now[relation, folder]]
        session.execute(f'create schema if not exists "{relation.schema}"')
        session.execute(f"create or replace {kind} {relation} as {_rows(paths) if paths else _no_rows(relation)}")

    def _events(self, root: Path, listed: Sequence[LakeFile]) -> Path:
        """A folder with links to the listed files, or a file without events where none is listed."""
        folder = self._folder / "events"
        shutil.rmtree(folder, ignore_errors=True)
        if not listed:
            return _no_events(folder)
        for file in listed:
            link = folder / Path(file.path).relative_to(FOLDER)
            link.parent.mkdir(parents=True, exist_ok=True)
            link.symlink_to(root / file.path)
        return folder

    def _root(self, relation: Relation) -> Path:
        return self._folder / "warehouse" / f"{relation.schema}.db" / relation.name

    def _files(self, tables: Sequence[Table]) -> Files:
        found: Files = {}
        for table in tables:
            for path in sorted(self._root(table.relation).glob("*=*/*.parquet")):
                found.setdefault((table.relation, path.parent.name), []).append(path.name)
        return found

    def _noted(self, name: str) -> Files | None:
        rows = state.noted(self._path, name)
        if rows is None:
            return None
        return {(Relation(schema, relation), folder): files for schema, relation, folder, files in rows}


def _note(session: duckdb.DuckDBPyConnection, files: Files) -> None:
    session.execute(
        f"create or replace table main.{COMPUTED} (schema varchar, name varchar, folder varchar, files varchar[])"
    )
    rows = [[relation.schema, relation.name, folder, names] for (relation, folder), names in files.items()]
    if rows:
        session.executemany(f"insert into main.{COMPUTED} values (?, ?, ?, ?)", rows)  # noqa: S608


def _keyed_by_folder(session: duckdb.DuckDBPyConnection, relation: Relation, folders: Sequence[str]) -> Table:
    """The table with its folders' values as the keys to replace."""
    touched = f"{relation.name}__folders"
    column = folders[0].partition("=")[0] if folders else "folder"
    kind = "date" if column.endswith("_on") else "varchar"
    session.execute(f'create or replace table main."{touched}" ("{column}" {kind})')
    if folders:
        values = [[folder.partition("=")[2]] for folder in folders]
        session.executemany(f'insert into main."{touched}" values (?)', values)  # noqa: S608
    return Table(relation, touched, (column,))


def _rows(paths: Sequence[Path]) -> str:
    files = literal_texts(map(str, paths))
    return f"select * from read_parquet([{files}], hive_partitioning = true)"  # noqa: S608  names that Spark gave


def _no_rows(relation: Relation) -> str:
    """The columns that the table has in Postgres, without a row."""
    with connect("transformer", autocommit=True) as connection:
        described = connection.execute(f"select * from {relation} limit 0").description  # noqa: S608
    columns = ", ".join(f'cast(null as varchar) as "{column.name}"' for column in described or ())
    return f"select {columns} where false"


def _no_events(folder: Path) -> Path:
    folder.mkdir(parents=True)
    path = folder / "part-0.parquet"
    schema = SCHEMA.append(pa.field("delivered_on", pa.date32())).append(pa.field("occurred_on", pa.date32()))
    parquet.write_table(schema.empty_table(), path)
    return path
