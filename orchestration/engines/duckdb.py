"""The chain on DuckDB: its inputs are views over Parquet files in one database file, and dbt builds the rest there."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

import duckdb
import pyarrow as pa

from orchestration.engines.chain import Relation


class DuckDb:
    """A DuckDB database file that dbt's target ``duckdb`` builds into."""

    name = "duckdb"

    def __init__(self, path: Path) -> None:
        self._path = path

    @property
    def variables(self) -> dict[str, str]:
        """What dbt's profile reads from the environment."""
        return {"TIEOUT_DUCKDB_PATH": str(self._path)}

    def register(self, files: Mapping[Relation, Path]) -> None:
        """Make every input readable under the name by which the models know it."""
        with duckdb.connect(self._path) as session:
            for relation, path in files.items():
                session.execute(f'create schema if not exists "{relation.schema}"')
                session.execute(
                    f'create or replace view "{relation.schema}"."{relation.name}" as '  # noqa: S608 - dbt's own names
                    f"select * from read_parquet({literal_texts([str(path)])})"
                )

    def tables(self, relations: Sequence[Relation]) -> Iterator[tuple[Relation, pa.Table]]:
        """All rows of each relation."""
        with duckdb.connect(self._path, read_only=True) as session:
            session.execute("set timezone = 'UTC'")
            for relation in relations:
                query = f'select * from "{relation.schema}"."{relation.name}"'  # noqa: S608 - dbt's own names
                yield relation, session.sql(query).to_arrow_table()


def literal_texts(texts: Iterable[str]) -> str:
    """Texts as they stand in a list of SQL."""
    return ", ".join("'{}'".format(text.replace("'", "''")) for text in texts)


@contextmanager
def opened(folder: Path) -> Iterator[DuckDb]:
    """An empty database file in ``folder``."""
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / "chain.duckdb"
    path.unlink(missing_ok=True)
    yield DuckDb(path)
