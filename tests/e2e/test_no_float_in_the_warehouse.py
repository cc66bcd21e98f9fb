"""No column that the built warehouse has, raw or reported, is a binary float."""

from __future__ import annotations

from typing import Any

import psycopg

# Columns of tables and views in every schema that is ours, with the type that Postgres gives them.
COLUMNS = """
    select n.nspname || '.' || c.relname || '.' || a.attname, format_type(a.atttypid, a.atttypmod)
    from pg_attribute as a
    inner join pg_class as c on a.attrelid = c.oid
    inner join pg_namespace as n on c.relnamespace = n.oid
    where c.relkind in ('r', 'p', 'v', 'm') and a.attnum > 0 and not a.attisdropped
        and n.nspname !~ '^pg_' and n.nspname not in ('information_schema', 'dagster')
"""
# `money` is a 64-bit integer of the server's locale: neither exact in other currencies nor a minor unit.
INEXACT = ("real", "double precision", "money")
SCHEMAS = {"raw", "staging", "intermediate", "marts", "reconciliation", "ops"}


def inexact_columns(connection: psycopg.Connection[Any]) -> tuple[set[str], list[str]]:
    """Schemas that have columns, and the columns whose type (or whose elements' type) is inexact."""
    columns = connection.execute(COLUMNS).fetchall()
    return {name.partition(".")[0] for name, _ in columns}, sorted(
        name for name, kind in columns if kind.removesuffix("[]") in INEXACT
    )


def test_no_column_of_the_built_warehouse_is_a_float(built_sample: Any) -> None:
    """In no schema, without exception: durations and shares are decimals too."""
    with psycopg.connect(built_sample.url) as connection:
        schemas, inexact = inexact_columns(connection)
    assert schemas >= SCHEMAS
    assert inexact == []


def test_a_float_put_into_a_table_or_a_view_is_found(warehouse: str) -> None:
    """By its own type, as an array's element, and as what a view computes."""
    with psycopg.connect(warehouse) as connection:
        connection.execute("create schema marts_probe")
        connection.execute("create table marts_probe.amounts (amount real, amounts double precision[], minor bigint)")
        connection.execute("create view marts_probe.shares as select sqrt(minor) as share from marts_probe.amounts")
        _, inexact = inexact_columns(connection)
    assert inexact == ["marts_probe.amounts.amount", "marts_probe.amounts.amounts", "marts_probe.shares.share"]
