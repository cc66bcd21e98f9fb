"""Row counts of many tables in one statement."""

from __future__ import annotations

from collections.abc import Sequence

from psycopg import sql

from warehouse.connection import connect

# Counting reads the whole table, so a big one is told by Postgres' own estimate.
EXACT_BELOW = 2_000_000
ESTIMATES = """
    select namespace.nspname, class.relname, class.reltuples::bigint
    from pg_class as class
    inner join pg_namespace as namespace on class.relnamespace = namespace.oid
    where (namespace.nspname, class.relname) in (select * from unnest(%s::text[], %s::text[]))
        and class.reltuples >= %s
"""

Relation = tuple[str, str]


def row_counts(relations: Sequence[Relation]) -> dict[Relation, int]:
    """Rows by (schema, table): exact, or for tables of millions the planner's estimate."""
    if not relations:
        return {}
    schemas, names = [list(column) for column in zip(*relations, strict=True)]
    with connect("auditor", autocommit=True) as connection:
        big = connection.execute(ESTIMATES, (schemas, names, EXACT_BELOW)).fetchall()
        counts: dict[Relation, int] = {(schema, name): rows for schema, name, rows in big}
        counted = [relation for relation in relations if relation not in counts]
        if counted:
            query = sql.SQL(" union all ").join(
                sql.SQL("select {}::int, count(*) from {}").format(sql.Literal(number), sql.Identifier(*relation))
                for number, relation in enumerate(counted)
            )
            counts |= {counted[number]: rows for number, rows in connection.execute(query).fetchall()}
    return counts
