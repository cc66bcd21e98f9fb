"""Verification of the record of breaks: the chain of events, the totals of runs, and the state of every break."""

from __future__ import annotations

from dataclasses import dataclass
from typing import LiteralString

from orchestration.queries import rows_of

CHAIN: LiteralString = """
    with linked as (
        select
            events.event_no, events.break_id, events.event, events.hash, events.hash_prev,
            row_number() over events_in_order as expected_no,
            coalesce(lag(events.hash) over events_in_order, recon.genesis()) as expected_prev,
            recon.event_text(events) as content
        from recon.break_events as events
        window events_in_order as (order by events.event_no)
    )

    select
        event_no, break_id, event,
        case
            when event_no <> expected_no then 'event ' || expected_no || ' is missing'
            when hash_prev <> expected_prev then 'it does not follow from the event before it'
            else 'what it says is not what was recorded'
        end as problem
    from linked
    where event_no <> expected_no or hash_prev <> expected_prev or hash <> recon.linked(hash_prev, content)
    order by event_no
    limit 1
"""
TOTALS: LiteralString = """
    select event_no, null as break_id, event, 'the totals of run ' || run_no || ' are not those recorded' as problem
    from recon.break_events
    where event = 'run_recorded' and content ->> 'populations_sha256' <> recon.population_digest(run_no)
    order by event_no
    limit 1
"""
STATES: LiteralString = """
    with last_events as (
        select distinct on (break_id) break_id, event_no, event, status, version, signature
        from recon.break_events
        where break_id is not null
        order by break_id, event_no desc
    )

    select
        coalesce(last_events.event_no, breaks.last_event_no) as event_no,
        coalesce(breaks.break_id, last_events.break_id) as break_id,
        last_events.event,
        'the break is not as its last event left it' as problem
    from recon.breaks as breaks
    full join last_events on breaks.break_id = last_events.break_id
    where (breaks.status, breaks.version, breaks.signature, breaks.last_event_no)
        is distinct from (last_events.status, last_events.version, last_events.signature, last_events.event_no)
    order by 1
    limit 1
"""
SIZE: LiteralString = """
    select
        count(*) as events, count(distinct break_id) as breaks,
        encode((select hash from recon.break_events order by event_no desc limit 1), 'hex') as head
    from recon.break_events
"""


@dataclass(frozen=True)
class BrokenLink:
    """The first event of which something does not hold."""

    event_no: int
    break_id: str | None
    event: str | None
    problem: str

    def __str__(self) -> str:
        """Name the event for a person."""
        of_break = f" of break {self.break_id}" if self.break_id else ""
        return f"Event {self.event_no} ({self.event}){of_break}: {self.problem}."


@dataclass(frozen=True)
class BreakRecord:
    """What was verified: how many events of how many breaks, the hash of the last one, and what does not hold."""

    events: int
    breaks: int
    head: str | None
    broken: list[BrokenLink]


def verify() -> BreakRecord:
    """Compute every hash again and compare every break with its last event."""
    size = rows_of(SIZE)[0]
    broken = [BrokenLink(**row) for query in (CHAIN, TOTALS, STATES) for row in rows_of(query)]
    return BreakRecord(int(size["events"]), int(size["breaks"]), size["head"], broken)
