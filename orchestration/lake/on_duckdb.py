"""The lake lane's days on DuckDB: one file of the state folder has the tables, and views over what they are made of."""

from __future__ import annotations

import tempfile
from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager
from pathlib import Path

from orchestration.engines.chain import Relation
from orchestration.engines.duckdb import DuckDb
from orchestration.lake import state
from orchestration.lake.plan import Table


class OnDuckDb:
    """DuckDB, in the process of dbt, with its tables in the DuckDB file."""

    target = DuckDb.name

    def __init__(self, path: Path) -> None:
        self._path = path
        self._database = DuckDb(path)

    @property
    def variables(self) -> dict[str, str]:
        """What dbt's profile reads from the environment."""
        return {**self._database.variables, **state.variables()}

    def goes_on(self, before: state.Listed, now: state.Listed, tables: Sequence[Table]) -> bool:
        """Whether a build can go on from what is there, after a last good build that had ``before``."""
        return state.goes_on(self._path, before, now, [table.relation for table in tables])

    def begin(self, *, from_the_start: bool) -> bool:
        """Make room for a build; whether Postgres has to take over all rows after it."""
        if from_the_start:
            self._path.unlink(missing_ok=True)
        return state.begin(self._path) or from_the_start

    def folder_of_inputs(self) -> AbstractContextManager[str]:
        """A folder for the copies of what the models read of Postgres, while the block runs."""
        return tempfile.TemporaryDirectory(prefix="tieout-lake-inputs-")

    def show(self, files: Mapping[Relation, Path], listed: state.Listed) -> None:
        """Make the inputs and the listed events readable. Raises LakeUnreadable when a store does not answer."""
        self._database.register(files)
        state.show_events(self._path, listed)

    def collect(self, tables: Sequence[Table]) -> tuple[Table, ...]:
        """The tables to take over as the DuckDB file has them now, and by which keys."""
        return tuple(tables)

    def end(self) -> None:
        """Note that Postgres has taken over what was computed."""
        state.end(self._path)
