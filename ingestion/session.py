"""One connection through which a load reaches Postgres: plain SQL and binary COPY of columns, in one transaction."""

from __future__ import annotations

import contextlib
from types import TracebackType
from typing import Any, Self

import adbc_driver_manager
import adbc_driver_postgresql.dbapi as adbc
import pyarrow as pa

from warehouse.connection import ensure_started

DatabaseError = adbc_driver_manager.Error
# Postgres says with these classes that a value or a row is wrong; a retry of the same bytes ends the same way.
WRONG_DATA_CLASSES = ("22", "23")
# What a person can do something about is said in words; Postgres' own follow.
IN_WORDS = {
    "53100": "the warehouse's disk is full",
    "53200": "the warehouse is out of memory",
    "53300": "the warehouse has no connection left",
    "55P03": "another load or build holds what this one waits for",
}
# The server takes in these rows while the next ones are put into its form.
ROWS_A_MESSAGE = 2048
# A load waits for the one before it; nobody waits for ever for a session that hangs.
LOCK_TIMEOUT = "30min"


class Session:
    """A connection as the loader. Everything since the last commit or rollback is one transaction."""

    def __init__(self, url: str | None = None) -> None:
        self._url = url or ensure_started()
        self._connection: Any = None
        self._cursor: Any = None
        self.reconnect()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def rows(self, statement: str, *parameters: Any) -> list[tuple[Any, ...]]:
        """The rows of a query; ``$1`` stands for the first parameter."""
        self._cursor.execute(statement, parameters or None)
        return list(self._cursor.fetchall())

    def execute(self, statement: str, *parameters: Any) -> None:
        """Run a statement that gives no rows."""
        self._cursor.execute(statement, parameters or None)

    def copy(self, schema: str, table: str, rows: pa.Table) -> None:
        """Append ``rows`` with binary COPY; a fixed binary of 16 is a uuid, a binary that starts with 1 is jsonb."""
        parts = rows.to_reader(max_chunksize=ROWS_A_MESSAGE)
        self._cursor.adbc_ingest(table, parts, mode="append", db_schema_name=schema)

    def commit(self) -> None:
        """Make everything since the last commit visible at once."""
        self._connection.commit()

    def rollback(self) -> None:
        """Forget everything since the last commit."""
        self._connection.rollback()

    def alive(self) -> bool:
        """Whether the server still answers on this connection; ends the transaction."""
        try:
            self.rollback()
            self.rows("select 1")
            self.rollback()
        except DatabaseError:
            return False
        return True

    def reconnect(self) -> None:
        """Leave the connection, whatever state it is in, and make a new one. Raises DatabaseError when that fails."""
        self.close()
        try:
            self._connect()
        except DatabaseError:
            self.close()
            raise

    def close(self) -> None:
        """Close the connection; what was not committed is gone."""
        for resource in (self._cursor, self._connection):
            if resource is not None:
                with contextlib.suppress(DatabaseError, RuntimeError):
                    resource.close()
        self._cursor = self._connection = None

    def _connect(self) -> None:
        self._connection = adbc.connect(self._url)
        self._cursor = self._connection.cursor()
        self.execute("set role tieout_loader")
        self.execute("set timezone to 'UTC'")
        self.execute(f"set lock_timeout to '{LOCK_TIMEOUT}'")
        self.execute("set application_name to 'tieout load'")
        self.commit()


def is_wrong_data(error: Exception) -> bool:
    """Whether Postgres refused the data itself, as opposed to failing."""
    state = getattr(error, "sqlstate", None) or ""
    return str(state)[:2] in WRONG_DATA_CLASSES


def in_words(error: Exception) -> str | None:
    """What a person calls this failure, None for one that Postgres' own message tells best."""
    return IN_WORDS.get(str(getattr(error, "sqlstate", None) or ""))
