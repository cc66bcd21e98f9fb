"""Relations of the warehouse read exactly: every number a text, so that no digit of it is lost on the way."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import adbc_driver_postgresql.dbapi as adbc
import pyarrow as pa

from orchestration.engines.chain import Relation
from warehouse import connection

# Columns of every relation in their order, with the type below a domain.
COLUMNS = """
    select
        namespace.nspname as schema_name,
        class.relname as relation_name,
        attribute.attname as column_name,
        format_type(coalesce(nullif(type.typbasetype, 0), type.oid), null) as kind
    from pg_attribute as attribute
    inner join pg_type as type on attribute.atttypid = type.oid
    inner join pg_class as class on attribute.attrelid = class.oid
    inner join pg_namespace as namespace on class.relnamespace = namespace.oid
    where
        attribute.attnum > 0 and not attribute.attisdropped
        and class.relkind in ('r', 'p', 'v', 'm') and not class.relispartition
        and namespace.nspname not in ('pg_catalog', 'information_schema')
    order by class.oid, attribute.attnum
"""
AS_TEXT = frozenset({"numeric", "uuid", "jsonb", "json"})


class RelationMissing(RuntimeError):
    """The warehouse has no such relation: it was not built."""


class Warehouse:
    """Reads whole relations of the warehouse over one connection."""

    def __init__(self, cursor: Any) -> None:
        self._cursor = cursor
        self._cursor.execute(COLUMNS)
        self._columns: dict[Relation, dict[str, str]] = {}
        for column in self._cursor.fetch_arrow_table().to_pylist():
            relation = Relation(column["schema_name"], column["relation_name"])
            self._columns.setdefault(relation, {})[column["column_name"]] = column["kind"]

    def columns(self, relation: Relation) -> dict[str, str]:
        """Names and types of a relation's columns, in their order. Raises RelationMissing."""
        if relation not in self._columns:
            raise RelationMissing(f"The warehouse has no {relation}; run tieout build.")
        return self._columns[relation]

    def read(self, relation: Relation) -> pa.Table:
        """All rows of a relation, in the order of its columns; numeric, uuid and JSON columns as texts."""
        columns = self.columns(relation)
        selected = ", ".join(
            f'cast("{name}" as text) as "{name}"' if kind in AS_TEXT else f'"{name}"' for name, kind in columns.items()
        )
        order = ", ".join(str(position + 1) for position in range(len(columns)))
        self._cursor.execute(f'select {selected} from "{relation.schema}"."{relation.name}" order by {order}')  # noqa: S608 - names of the manifest
        return self._cursor.fetch_arrow_table()


@contextmanager
def warehouse() -> Iterator[Warehouse]:
    """The warehouse, read by the role that builds it."""
    with adbc.connect(connection.url("transformer")) as session, session.cursor() as cursor:
        yield Warehouse(cursor)
