"""Postgres takes over the rows that the lake's engine computed: all tables in one transaction, by binary COPY."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import adbc_driver_postgresql.dbapi as adbc
import duckdb
import pyarrow as pa

from orchestration.engines.chain import Relation
from orchestration.lake.plan import Table
from warehouse import connection

ROWS_A_BATCH = 65_536
COLUMNS = """
    select attribute.attname, format_type(coalesce(nullif(type.typbasetype, 0), type.oid), null)
    from pg_attribute as attribute
    inner join pg_type as type on attribute.atttypid = type.oid
    where attribute.attrelid = cast($1 as regclass) and attribute.attnum > 0 and not attribute.attisdropped
    order by attribute.attnum
"""
# How a value of DuckDB becomes the bytes that binary COPY takes for a column of Postgres. A uuid is 16 bytes, a jsonb a
# version byte and its text; a numeric keeps the decimals it needs, as it would in Postgres. Spark numbers rows in 32
# bits.
AS_BYTES = {
    "bigint": "cast({column} as bigint)",
    "uuid": "unhex(replace({column}, '-', ''))",
    "jsonb": "cast(chr(1) || {column} as blob)",
}
FIXED = {"uuid": pa.binary(16)}


def hand_over(path: Path, tables: tuple[Table, ...], *, everything: bool) -> dict[str, int]:
    """Replace in Postgres what the last build touched, or everything; rows that each table took, by name.

    Either all of it happens or nothing.
    """
    taken = {}
    with (
        closing(duckdb.connect(path, read_only=True)) as source,
        adbc.connect(connection.url("transformer")) as session,
        session.cursor() as target,
    ):
        source.execute("set timezone = 'UTC'")
        for table in tables:
            if everything:
                target.execute(f"truncate {_name(table.relation)}")
            else:
                _delete_touched(source, target, table)
            taken[table.relation.name] = _append(source, target, table, everything=everything)
        session.commit()
    return taken


def _delete_touched(source: duckdb.DuckDBPyConnection, target: Any, table: Table) -> None:
    types = _types(target, table.relation)
    keys = f"taken_over_{table.relation.name}"
    selected = ", ".join(_as_bytes(column, types[column]) for column in table.keys)
    touched = source.sql(f'select distinct {selected} from main."{table.touched}"')  # noqa: S608  names of the manifest
    target.adbc_ingest(keys, _batches(touched, types), mode="create", temporary=True)
    target.execute(f"analyze {keys}")
    matching = " and ".join(f"held.{column} = {_key(column, types[column])}" for column in table.keys)
    target.execute(f"delete from {_name(table.relation)} as held using {keys} as touched where {matching}")  # noqa: S608


def _append(source: duckdb.DuckDBPyConnection, target: Any, table: Table, *, everything: bool) -> int:
    types = _types(target, table.relation)
    selected = ", ".join(_as_bytes(column, kind) for column, kind in types.items())
    query = f"select {selected} from {_name(table.relation)} as built"  # noqa: S608  names of the manifest
    if not everything:
        columns = ", ".join(table.keys)
        query += f' where ({columns}) in (select ({columns}) from main."{table.touched}")'  # noqa: S608  the same
    rows = _batches(source.sql(query), types)
    return int(target.adbc_ingest(table.relation.name, rows, mode="append", db_schema_name=table.relation.schema))


def _batches(result: duckdb.DuckDBPyRelation, types: dict[str, str]) -> pa.RecordBatchReader:
    """What DuckDB found, batch by batch, as Arrow types that binary COPY writes into columns of these types."""
    reader = result.to_arrow_reader(ROWS_A_BATCH)
    schema = pa.schema([pa.field(field.name, FIXED.get(types[field.name], field.type)) for field in reader.schema])

    def cast() -> Iterator[pa.RecordBatch]:
        for batch in reader:
            yield batch.cast(schema)

    return pa.RecordBatchReader.from_batches(schema, cast())


def _types(target: Any, relation: Relation) -> dict[str, str]:
    """Columns of a table of Postgres in their order, with their types."""
    target.execute(COLUMNS, (_name(relation),))
    return dict(target.fetchall())


def _as_bytes(column: str, kind: str) -> str:
    return AS_BYTES.get(kind, "{column}").format(column=f'"{column}"') + f' as "{column}"'


def _key(column: str, kind: str) -> str:
    """A key of the temporary table, in which bytes are bytes."""
    return f"cast(encode(touched.{column}, 'hex') as uuid)" if kind == "uuid" else f"touched.{column}"


def _name(relation: Relation) -> str:
    return f'"{relation.schema}"."{relation.name}"'
