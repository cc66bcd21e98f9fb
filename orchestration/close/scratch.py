"""Schemas beside the warehouse's own, in which a closed month is built again: they show what was known when it closed.

Each schema that dbt reads or writes has a namesake with a prefix. In those that it reads stand views of the real
tables, cut off at the last load that the closing took into account; the others are empty and take what dbt builds.
The real ones are only read.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, LiteralString

import psycopg
from psycopg import sql

from warehouse.connection import connect
from warehouse.errors import WarehouseError
from warehouse.lock import REPRODUCTION_LOCK

PREFIX = "reproduction_"
READ = ("raw", "quarantine", "ops", "checks", "ledger")
BUILT = ("staging", "intermediate", "marts", "reconciliation")
TABLES = """
    select
        namespace.nspname,
        class.relname,
        exists (
            select from pg_attribute as attribute
            where attribute.attrelid = class.oid and attribute.attname = 'load_seq' and not attribute.attisdropped
        )
    from pg_class as class
    inner join pg_namespace as namespace on class.relnamespace = namespace.oid
    where namespace.nspname = any(%s) and class.relkind in ('r', 'p', 'v') and not class.relispartition
        and has_table_privilege(class.oid, 'select')
    order by 1, 2
"""
# What a table without the number of a load says of when it was known.
CONDITIONS: dict[tuple[str, str], LiteralString] = {
    ("quarantine", "retried"): "retry_load_id in (select load_id from ops.loads where load_seq <= {load_seq})",
    ("ops", "builds"): "to_load_seq <= {load_seq}",
    # the books without the month, as they stood when it closed
    ("ledger", "journal_lines"): "entity = {entity} and posted_period <> {period} and posting_no <= {last_posting}",
}
# The lines after which those of the month were numbered, where one posting brought them all.
EARLIER_LINES: LiteralString = """
    create view {view} as
    select * from ledger.journal_lines
    where entity = {entity}
        and (posting_no < {posting} or (posting_no = {posting} and posted_period < {period}))
"""
VIEW: LiteralString = "create view {view} as select * from {table}"


class ScratchBusy(WarehouseError):
    """Another month is being built again in the same schemas."""


def scratch(schema: str, table: str) -> sql.Identifier:
    """A table of a schema's namesake."""
    return sql.Identifier(PREFIX + schema, table)


@contextmanager
def scratch_schemas(cut: dict[str, Any]) -> Iterator[None]:
    """The schemas, for as long as the block runs; what a killed run left behind is dropped first.

    ``cut`` says where they end: entity, period, load_seq, last_posting, and posting, None where several brought the
    month's lines. Raises ScratchBusy.
    """
    with connect(autocommit=True) as connection:
        connection.execute("set client_min_messages to warning")
        taken = connection.execute("select pg_try_advisory_lock(%s)", (REPRODUCTION_LOCK,)).fetchone()
        if taken != (True,):
            raise ScratchBusy("Another month is being built again right now. Run it again when that is done.")
        _drop(connection)
        try:
            for schema in (*READ, *BUILT):
                name = sql.Identifier(PREFIX + schema)
                connection.execute(sql.SQL("create schema {}").format(name))
                connection.execute(sql.SQL("grant usage, create on schema {} to tieout_transformer").format(name))
            _show_what_was_known(cut)
            yield
        finally:
            _drop(connection)


def _show_what_was_known(cut: dict[str, Any]) -> None:
    values = {name: sql.Literal(value) for name, value in cut.items()}
    with connect("transformer") as transformer:
        for schema, table, has_load_seq in transformer.execute(TABLES, (list(READ),)).fetchall():
            condition = CONDITIONS.get((schema, table), "load_seq <= {load_seq}" if has_load_seq else "true")
            transformer.execute(
                sql.SQL(VIEW).format(view=scratch(schema, table), table=sql.Identifier(schema, table))
                + sql.SQL(" where ")
                + sql.SQL(condition).format(**values)
            )
        transformer.execute(sql.SQL(EARLIER_LINES).format(view=scratch("ledger", "earlier_lines"), **values))


def _drop(connection: psycopg.Connection[Any]) -> None:
    """Drop them one by one: all at once would take more locks than a server gives to one transaction."""
    for schema in reversed((*READ, *BUILT)):
        connection.execute(sql.SQL("drop schema if exists {} cascade").format(sql.Identifier(PREFIX + schema)))
