"""Reading the warehouse as the auditor, for people at a terminal."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, LiteralString

from psycopg.rows import dict_row

from warehouse.connection import connect


def rows_of(query: LiteralString, parameters: Sequence[Any] | Mapping[str, Any] | None = None) -> list[dict[str, Any]]:
    """Rows of a query as dictionaries."""
    with connect("auditor", autocommit=True) as connection, connection.cursor(row_factory=dict_row) as cursor:
        return cursor.execute(query, parameters).fetchall()
