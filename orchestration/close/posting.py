"""Posting: what the rules say today less what is posted, appended to the books. Nothing here computes an amount.

The difference is a model of dbt (``int_ledger__differences``); the numbering, the chain and the balance of what is
appended are checked by the database (``warehouse/migrations/0016_ledger.sql``), whoever appends.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Any, LiteralString

import psycopg
from psycopg import sql

from warehouse.errors import WarehouseError

# One posting at a time for an entity, until the transaction ends.
LOCK = "select pg_advisory_xact_lock(hashtextextended('tieout ledger postings ' || %(entity)s, 0))"
EARLIEST_OPEN = "select min(period) from ledger.periods where entity = %(entity)s and status <> 'closed'"
FIRST_FACT = """
    select min(original_period) from intermediate.int_ledger__entries
    where entity = %(entity)s and original_period <= %(through)s
"""
# From the month after the last one there is, or from the first fact, through the month asked for.
OPEN_MONTHS = """
    insert into ledger.period_events (entity, period, event, preparer, reason)
    select %(entity)s, month::date, 'opened', %(who)s, %(reason)s
    from (
        select coalesce((max(period) + interval '1 month')::date, %(first)s) as first_month
        from ledger.periods
        where entity = %(entity)s
    ) as known
    cross join lateral generate_series(first_month::timestamp, %(through)s::date, interval '1 month') as month
    order by month
"""
# A line as its hash sees it.
LINE_TEXT: LiteralString = """
    ledger.line_text(
        entity, posted_period, sequence, original_period, entry_key, revision, line_ref, source_system, source_id,
        rule, rule_version, customer_id, customer_sequence, invoice_id, invoice_line_id, booked_on, account,
        currency, amount_minor, functional_currency, functional_minor
    )
"""
# A table with statistics: the server cannot guess how much a view over the books gives, and a wrong guess compares
# every line with every entry.
FORGET_DUE = "drop table if exists pg_temp.due_lines"
DUE: LiteralString = """
    create temporary table due_lines on commit drop as
    select * from intermediate.int_ledger__differences
    where entity = {entity} and original_period <= {through}
"""
ANALYZE_DUE = "analyze pg_temp.due_lines"
# How lines that are due are numbered and chained: by month, and within their customer, after the lines there are.
NUMBERED: LiteralString = """
    due as materialized (
        select
            differences.*,
            greatest(differences.original_period, %(open)s::date) as posted_period
        from {due} as differences
        where differences.entity = %(entity)s and differences.original_period <= %(through)s
    ),

    heads as (
        select
            months.posted_period,
            coalesce(last_line.sequence, 0) as sequence,
            coalesce(last_line.hash, ledger.genesis(%(entity)s, months.posted_period)) as hash
        from (select distinct posted_period from due) as months
        left join lateral (
            select lines.sequence, lines.hash
            from {lines} as lines
            where lines.entity = %(entity)s and lines.posted_period = months.posted_period
            order by lines.sequence desc
            limit 1
        ) as last_line on true
    ),

    revisions as (
        select
            entries.entry_key,
            coalesce((
                select max(lines.revision) from {lines} as lines
                where lines.entity = %(entity)s and lines.entry_key = entries.entry_key
            ), 0) + 1 as revision
        from (select distinct entry_key from due) as entries
    ),

    customers as (
        select
            known.customer_id,
            coalesce(
                (
                    select max(lines.customer_sequence) from {lines} as lines
                    where lines.entity = %(entity)s and lines.customer_id = known.customer_id
                ),
                (
                    select max(lines.customer_sequence) from {lines} as lines
                    where lines.entity = %(entity)s and lines.customer_id is null and known.customer_id is null
                ),
                0
            ) as customer_sequence
        from (select distinct customer_id from due) as known
    ),

    -- the order of the bytes, so that it is the same on every server
    ordered as (
        select
            due.*,
            heads.hash as head,
            revisions.revision,
            heads.sequence + row_number() over (
                partition by due.posted_period order by due.original_period, {line}
            ) as sequence,
            customers.customer_sequence + row_number() over (
                partition by due.customer_id order by due.posted_period, due.original_period, {line}
            ) as customer_sequence
        from due
        inner join heads on due.posted_period = heads.posted_period
        inner join revisions on due.entry_key = revisions.entry_key
        -- "is not distinct from" alone would compare every line with every customer
        inner join customers
            on coalesce(due.customer_id, '') = coalesce(customers.customer_id, '')
                and (due.customer_id is null) = (customers.customer_id is null)
    ),

    chained as (
        select
            ordered.*,
            ledger.chain(ordered.head, {line_text}) over (
                partition by posted_period order by sequence rows between unbounded preceding and current row
            ) as hash
        from ordered
    )
"""
APPEND: LiteralString = """,

    posting as (
        insert into ledger.postings (entity, through_period, posted_by, code_version)
        select %(entity)s, %(through)s, %(who)s, %(code_version)s
        where exists (select from due)
        returning posting_no
    ),

    appended as (
        insert into ledger.journal_lines (
            entity, posted_period, sequence, original_period, entry_key, revision, line_ref, source_system, source_id,
            rule, rule_version, customer_id, customer_sequence, invoice_id, invoice_line_id, booked_on, account,
            currency, amount_minor, functional_currency, functional_minor, posting_no, hash_prev, hash
        )
        select
            entity, posted_period, sequence, original_period, entry_key, revision, line_ref, source_system, source_id,
            rule, rule_version, customer_id, customer_sequence, invoice_id, invoice_line_id, booked_on, account,
            currency, amount_minor, functional_currency, functional_minor, posting.posting_no,
            coalesce(lag(hash) over (partition by posted_period order by sequence), head), hash
        from chained
        cross join posting
        order by posted_period, sequence
        returning posted_period, original_period, entry_key
    )

    select
        posted_period,
        count(*) as line_count,
        count(distinct entry_key) as entry_count,
        count(*) filter (where original_period < posted_period) as late_line_count
    from appended
    group by posted_period
    order by posted_period
"""
LINE: LiteralString = """
    due.entry_key collate "C", due.line_ref collate "C", due.account collate "C", due.currency collate "C",
    due.functional_currency collate "C", due.customer_id collate "C" nulls first,
    due.invoice_id collate "C" nulls first, due.invoice_line_id collate "C" nulls first
"""


def numbered(due: sql.Composable, lines: sql.Composable) -> sql.Composed:
    """CTEs up to ``chained``: the rows of the relation ``due`` as lines that follow those of the relation ``lines``.

    Parameters: entity, through (the last month), open (the earliest month that takes lines).
    """
    return sql.SQL(NUMBERED).format(due=due, lines=lines, line=sql.SQL(LINE), line_text=sql.SQL(LINE_TEXT))


POST = (
    sql.SQL("with ")
    + numbered(sql.Identifier("pg_temp", "due_lines"), sql.Identifier("ledger", "journal_lines"))
    + sql.SQL(APPEND)
)


class PeriodClosed(WarehouseError):
    """The month asked for is closed; the message says what to do instead."""


@dataclass(frozen=True)
class PostedMonth:
    """What one posting appended to one month. ``late_lines`` belong to earlier months by their facts."""

    period: date
    lines: int
    entries: int
    late_lines: int


def open_months(
    connection: psycopg.Connection[Any], entity: str, through: date, who: str, *, first: date | None = None
) -> None:
    """Open every month through ``through`` that there is not yet, in the caller's transaction.

    The first month of an entity is ``first``, else that of its earliest fact.
    """
    asked = {"entity": entity, "through": through, "who": who}
    if first is None:
        found = connection.execute(FIRST_FACT, asked).fetchone()
        first = (found[0] if found else None) or through
    connection.execute(OPEN_MONTHS, {**asked, "first": first, "reason": None})


def post(
    connection: psycopg.Connection[Any], entity: str, through: date, who: str, code_version: str
) -> list[PostedMonth]:
    """Post every fact of the months through ``through`` that is not in the books, in the caller's transaction.

    A fact goes to its own month, or to the earliest open one where its own is closed. The same again posts nothing.
    Raises PeriodClosed when ``through`` is closed, and psycopg's errors when the database refuses a line.
    """
    asked = {"entity": entity, "through": through, "who": who, "code_version": code_version}
    connection.execute(LOCK, asked)
    found = connection.execute(EARLIEST_OPEN, asked).fetchone()
    earliest = found[0] if found else None
    if earliest is None or earliest > through:
        raise PeriodClosed(closed_sentence(connection, entity, through))
    connection.execute(FORGET_DUE)
    connection.execute(sql.SQL(DUE).format(entity=sql.Literal(entity), through=sql.Literal(through)))
    connection.execute(ANALYZE_DUE)
    rows = connection.execute(POST, {**asked, "open": earliest}).fetchall()
    return [PostedMonth(*row) for row in rows]


def closed_sentence(connection: psycopg.Connection[Any], entity: str, period: date) -> str:
    """Who closed a month and when, and what to do instead of changing it."""
    found = connection.execute(
        """
        select preparer, approver, happened_at from ledger.period_events
        where entity = %s and period = %s and event = 'closed'
        order by event_no desc
        limit 1
        """,
        (entity, period),
    ).fetchone()
    if found is None:
        return f"{period:%Y-%m} of {entity} is not open: it lies before the first month of the books."
    preparer, approver, when = found
    return (
        f"{period:%Y-%m} of {entity} is closed ({preparer}, approved by {approver}, {when:%Y-%m-%d %H:%M} UTC). "
        "Late facts go to the open month: load them, run tieout build, and close that month. "
        f"To change this one all the same: tieout close reopen --period {period:%Y-%m} --preparer .. --approver .. "
        "--reason .."
    )
