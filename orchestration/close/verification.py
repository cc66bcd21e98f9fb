"""Verification of the books: the chains of lines and of events, the balance of entries, the digests of closed months.

Everything is computed again from the lines. What was changed behind the database's back shows as the first link that
does not hold. Who can rewrite every line and every event after it can forge both chains: then the head that was
published with the close package is what tells.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import LiteralString

from orchestration.queries import rows_of

LINES: LiteralString = """
    with linked as (
        select
            lines.*,
            row_number() over months as expected_sequence,
            coalesce(lag(lines.hash) over months, ledger.genesis(lines.entity, lines.posted_period)) as expected_prev,
            ledger.line_text(
                entity, posted_period, sequence, original_period, entry_key, revision, line_ref, source_system,
                source_id, rule, rule_version, customer_id, customer_sequence, invoice_id, invoice_line_id, booked_on,
                account, currency, amount_minor, functional_currency, functional_minor
            ) as content
        from ledger.journal_lines as lines
        where lines.entity = coalesce(%(entity)s, lines.entity)
        window months as (partition by entity, posted_period order by sequence)
    )

    select distinct on (entity, posted_period)
        entity, to_char(posted_period, 'YYYY-MM') as period, sequence, entry_key,
        case
            when sequence <> expected_sequence then 'line ' || expected_sequence || ' is missing'
            when hash_prev <> expected_prev then 'it does not follow from the line before it'
            else 'what it says is not what was posted'
        end as problem
    from linked
    where sequence <> expected_sequence or hash_prev <> expected_prev or hash <> ledger.linked(hash_prev, content)
    order by entity, posted_period, sequence
"""
EVENTS: LiteralString = """
    with linked as (
        select
            events.*,
            row_number() over entities as expected_no,
            coalesce(lag(events.hash) over entities, ledger.event_genesis(events.entity)) as expected_prev,
            ledger.event_text(events) as content
        from ledger.period_events as events
        where events.entity = coalesce(%(entity)s, events.entity)
        window entities as (partition by events.entity order by events.event_no)
    )

    select distinct on (entity)
        entity, to_char(period, 'YYYY-MM') as period, event_no, event,
        case
            when event_no <> expected_no then 'event ' || expected_no || ' is missing'
            when hash_prev <> expected_prev then 'it does not follow from the event before it'
            else 'what it says is not what was recorded'
        end as problem
    from linked
    where event_no <> expected_no or hash_prev <> expected_prev or hash <> ledger.linked(hash_prev, content)
    order by entity, event_no
"""
# The last closing of every month that is closed, against its lines: number, head, and the balances at its end.
CLOSED_MONTHS: LiteralString = """
    with closings as (
        select distinct on (events.entity, events.period) events.*
        from ledger.period_events as events
        inner join ledger.periods as periods
            on events.entity = periods.entity and events.period = periods.period and periods.status = 'closed'
        where events.event = 'closed' and events.entity = coalesce(%(entity)s, events.entity)
        order by events.entity, events.period, events.event_no desc
    ),

    months as (
        select
            entity, posted_period, count(*) as line_count, (array_agg(hash order by sequence desc))[1] as head
        from ledger.journal_lines
        group by entity, posted_period
    ),

    movements as (
        select
            entity, posted_period, account, currency, functional_currency,
            sum(amount_minor) as amount_minor, sum(functional_minor) as functional_minor
        from ledger.journal_lines
        group by entity, posted_period, account, currency, functional_currency
    ),

    balances as (
        select
            closings.entity, closings.period, account, currency, functional_currency,
            sum(amount_minor)::bigint as balance_minor, sum(functional_minor)::bigint as functional_balance_minor
        from closings
        inner join movements
            on closings.entity = movements.entity and closings.period >= movements.posted_period
        group by closings.entity, closings.period, account, currency, functional_currency
    ),

    digests as (
        select
            entity, period,
            sha256(convert_to(string_agg(
                ledger.balance_text(account, currency, functional_currency, balance_minor, functional_balance_minor),
                chr(10) order by account collate "C", currency collate "C", functional_currency collate "C"
            ), 'UTF8')) as digest
        from balances
        group by entity, period
    )

    select
        closings.entity, to_char(closings.period, 'YYYY-MM') as period,
        coalesce(months.line_count, 0) as line_count,
        closings.line_count as closed_line_count,
        encode(closings.chain_head, 'hex') as chain_head,
        coalesce(months.head, ledger.genesis(closings.entity, closings.period)) = closings.chain_head as head_holds,
        coalesce(digests.digest, sha256('')) = closings.trial_balance_sha256 as balances_hold
    from closings
    left join months on closings.entity = months.entity and closings.period = months.posted_period
    left join digests on closings.entity = digests.entity and closings.period = digests.period
    order by closings.entity, closings.period
"""
# Closings whose reports are not those that their event states; the event itself is in the chain.
REPORTS: LiteralString = """
    select events.entity, to_char(events.period, 'YYYY-MM') as period, events.event_no
    from ledger.period_events as events
    where events.event = 'closed' and events.evidence ? 'reports'
        and events.entity = coalesce(%(entity)s, events.entity)
        and events.evidence -> 'reports' ->> 'sha256' <> ledger.reports_sha256(events.entity, events.event_no)
    order by events.entity, events.event_no
"""
UNBALANCED: LiteralString = """
    select entity, entry_key, revision, currency, sum(amount_minor) as off, to_char(posted_period, 'YYYY-MM') as period
    from ledger.journal_lines
    where entity = coalesce(%(entity)s, entity)
    group by entity, entry_key, revision, currency, posted_period
    having sum(amount_minor) <> 0
    union all
    select entity, entry_key, revision, functional_currency, sum(functional_minor), to_char(posted_period, 'YYYY-MM')
    from ledger.journal_lines
    where entity = coalesce(%(entity)s, entity)
    group by entity, entry_key, revision, functional_currency, posted_period
    having sum(functional_minor) <> 0
    order by 1, 6, 2
"""
CUSTOMERS: LiteralString = """
    select entity, customer_id, count(*) as line_count, max(customer_sequence) as last_sequence
    from ledger.journal_lines
    where entity = coalesce(%(entity)s, entity)
    group by entity, customer_id
    having count(*) <> max(customer_sequence)
    order by entity, customer_id
"""


@dataclass(frozen=True)
class Fault:
    """One thing that does not hold: where, and what is wrong. For a chain it is the first link that is broken."""

    entity: str
    period: str | None
    where: str
    problem: str


@dataclass(frozen=True)
class ClosedMonth:
    """A closed month, with the head of its chain in hex, to compare with what was published."""

    entity: str
    period: str
    line_count: int
    chain_head: str


@dataclass(frozen=True)
class Verdict:
    """What was looked at, and what does not hold."""

    months: list[ClosedMonth]
    faults: list[Fault]


def verify(entity: str | None = None) -> Verdict:
    """Check the books of an entity, or of all."""
    asked = {"entity": entity}
    faults = [
        Fault(row["entity"], row["period"], f"line {row['sequence']} ({row['entry_key']})", row["problem"])
        for row in rows_of(LINES, asked)
    ]
    faults += [
        Fault(row["entity"], row["period"], f"event {row['event_no']} ({row['event']})", row["problem"])
        for row in rows_of(EVENTS, asked)
    ]
    months = []
    for row in rows_of(CLOSED_MONTHS, asked):
        months.append(ClosedMonth(row["entity"], row["period"], row["line_count"], row["chain_head"]))
        if row["line_count"] != row["closed_line_count"]:
            problem = f"it was closed with {row['closed_line_count']:,} lines and has {row['line_count']:,}"
            faults.append(Fault(row["entity"], row["period"], "the month", problem))
        elif not row["head_holds"]:
            faults.append(
                Fault(row["entity"], row["period"], "the month", "its last line is not the one it closed with")
            )
        if not row["balances_hold"]:
            faults.append(Fault(row["entity"], row["period"], "the month", "its balances are not those it closed with"))
    faults += [
        Fault(row["entity"], row["period"], f"event {row['event_no']} (closed)", "its reports are not those it kept")
        for row in rows_of(REPORTS, asked)
    ]
    faults += [
        Fault(
            row["entity"],
            row["period"],
            f"entry {row['entry_key']}, revision {row['revision']}",
            f"debits less credits are {row['off']} minor units of {row['currency']}",
        )
        for row in rows_of(UNBALANCED, asked)
    ]
    faults += [
        Fault(
            row["entity"],
            None,
            f"customer {row['customer_id'] or '(none)'}",
            f"{row['line_count']:,} lines, but the last is number {row['last_sequence']:,}",
        )
        for row in rows_of(CUSTOMERS, asked)
    ]
    return Verdict(months, faults)
