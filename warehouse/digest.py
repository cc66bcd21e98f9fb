"""Digests of tables: equal for equal content, whatever the order of rows and of columns."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import psycopg
from psycopg import sql

# what depends on the wall clock, on the place where the same files lay, or on the order in which they came
BOOKKEEPING = frozenset(
    {
        "load_seq",
        "known_at",
        "built_at",
        "started_at",
        "finished_at",
        "refused_at",
        "refusal_id",
        "applied_at",
        "filled_at",
        "ran_at",
        "source_version",
    }
)
TABLES = """
    select namespace.nspname, class.relname, array_agg(attribute.attname order by attribute.attname collate "C")
    from pg_class as class
    inner join pg_namespace as namespace on class.relnamespace = namespace.oid
    inner join pg_attribute as attribute on class.oid = attribute.attrelid
    where namespace.nspname = any(%s) and class.relkind in ('r', 'p', 'm', 'f') and not class.relispartition
        and attribute.attnum > 0 and not attribute.attisdropped
    group by namespace.nspname, class.relname
    order by namespace.nspname collate "C", class.relname collate "C"
"""


def digest_tables(
    connection: psycopg.Connection[Any], schemas: Sequence[str], leave_out: Iterable[str] = ()
) -> dict[str, str]:
    """Digest of every table of ``schemas`` by ``schema.table``; a partitioned table is one table, views are none.

    Rows count as a multiset. Bookkeeping columns are left out, and so are tables named in ``leave_out``
    (``schema.table``). The session must be in UTC, as ``warehouse.connection.connect`` makes it.
    """
    skipped = set(leave_out)
    tables = connection.execute(TABLES, (list(schemas),)).fetchall()
    return {
        f"{schema}.{table}": digest_table(connection, schema, table, columns)
        for schema, table, columns in tables
        if f"{schema}.{table}" not in skipped
    }


def digest_table(connection: psycopg.Connection[Any], schema: str, table: str, columns: Sequence[str]) -> str:
    """Digest of one table over ``columns`` without the bookkeeping ones.

    The md5 of every row is cut in two numbers, and these are summed: one pass without a sort, in constant memory.
    """
    kept = [sql.Identifier(name) for name in sorted(columns) if name not in BOOKKEEPING]
    row = sql.SQL("row({})").format(sql.SQL(", ").join(kept))
    query = sql.SQL(
        """
        with hashed as (select md5(({row})::text) as hash from {table})
        select md5(concat_ws(
            ':', count(*),
            sum(('x' || substr(hash, 1, 16))::bit(64)::bigint::numeric),
            sum(('x' || substr(hash, 17, 16))::bit(64)::bigint::numeric)
        ))
        from hashed
        """
    ).format(row=row, table=sql.Identifier(schema, table))
    found = connection.execute(query).fetchone()
    return str(found[0] if found else None)
