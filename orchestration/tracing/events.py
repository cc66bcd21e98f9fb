"""A usage event up to the invoice lines that bill it, or to the reason why none does.

Every function reads over a connection that may read intermediate, raw and quarantine (``auditor``).
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING

from orchestration.tracing.lookup import (
    Connection,
    NothingToTrace,
    Row,
    closest,
    hint_of,
    is_in_lake,
    loads_since_build,
    rows_of,
)

if TYPE_CHECKING:
    from ingestion.quarantine import QuarantinedRecord

COPIES = """
    select
        copies.*,
        copies.load_seq > (
            select coalesce(max(to_load_seq), 0) from ops.builds where status = 'succeeded'
        ) as is_after_build
    from intermediate.int_usage__event_copies as copies
    where copies.event_id = %(id)s
        and (%(source)s::text is null or copies.source = %(source)s)
        and (%(day)s::date is null or copies.occurred_on = %(day)s)
    order by copies.source, copies.occurred_on, copies.copy_no, copies.load_seq
"""
SET_ASIDE = """
    select events.load_id, events.line_no
    from staging.stg_ops__quarantined_events as events
    where events.event_id = %(id)s
        and (%(source)s::text is null or events.source = %(source)s)
        and (%(day)s::date is null or events.occurred_on is null or events.occurred_on = %(day)s)
    order by events.load_id, events.line_no
"""
USAGE_DAY = """
    select
        events.usage_on, events.timezone, events.meter_code, events.known_at, events.is_late, events.left_out_because,
        days.aggregation, days.quantity, days.event_count, days.duplicate_count, days.conflict_count,
        meters.meter_code is not null as is_claimed,
        (
            select count(distinct items.subscription_item_id)
            from intermediate.int_rating__metered_item_versions as items
            where items.account_id = events.account_id and items.meter_code = events.meter_code
        ) as item_count
    from intermediate.int_usage__measured_events as events
    left join intermediate.int_usage__meters as meters on events.event_type = meters.event_type
    left join marts.fct_usage_daily as days
        on events.account_id = days.account_id
        and events.meter_code = days.meter_code
        and events.usage_on = days.usage_on
    where events.source = %(source)s and events.event_id = %(id)s and events.occurred_on = %(day)s
"""
PERIODS = """
    select
        events.subscription_item_id, events.period_start, events.is_known_in_time, periods.first_day, periods.end_day,
        periods.cut_off_at, charges.charge_id, charges.charge_key, charges.billing_system, charges.subscription_id,
        charges.price_code, charges.period_end, charges.currency, charges.quantity, charges.late_quantity,
        charges.gross_minor, charges.late_usage_adjustment_minor
    from intermediate.int_rating__metered_events as events
    inner join intermediate.int_rating__metered_periods as periods
        on events.subscription_item_id = periods.subscription_item_id and events.period_start = periods.period_start
    left join marts.fct_rated_charges as charges
        on events.subscription_item_id = charges.subscription_item_id
        and events.period_start = charges.period_start
        and charges.line_kind = 'usage'
    where events.source = %(source)s and events.event_id = %(id)s and events.occurred_on = %(day)s
        and not events.is_initial
    order by events.subscription_item_id, events.period_start
"""
CARRIED = """
    select count(*) as periods
    from intermediate.int_rating__metered_events
    where source = %(source)s and event_id = %(id)s and occurred_on = %(day)s and is_initial
"""
LINES = """
    select
        links.charge_id as line_charge_id, links.line_kind as billed_as, schedule.expected_at, lines.billing_system,
        lines.invoice_line_id, lines.invoice_id, lines.currency, lines.quantity, lines.net_minor, lines.invoice_status,
        lines.is_billed, lines.invoice_on, lines.file_line
    from marts.fct_charge_invoice_lines as links
    left join intermediate.int_billing__charge_schedule as schedule on links.charge_id = schedule.charge_id
    left join marts.fct_invoice_lines as lines
        on links.billing_system = lines.billing_system and links.invoice_line_id = lines.invoice_line_id
    where links.rated_charge_id = %(charge)s
    order by links.line_kind desc, lines.invoice_on, lines.invoice_line_id
"""
NEIGHBOURS = """
    select
        max(event_id) filter (where event_id < %(id)s) as before,
        min(event_id) filter (where event_id > %(id)s) as after
    from staging.stg_usage__events
    where %(day)s::date is null or occurred_on = %(day)s
"""


@dataclass(frozen=True)
class PeriodTrace:
    """One metered period that the event belongs to, the charge of it if it is rated, and the lines of that charge."""

    period: Row
    lines: list[Row]

    @property
    def state(self) -> str:
        """``not complete``, ``not invoiced``, ``late, not billed``, ``invoiced late`` or ``invoiced``."""
        if self.period["charge_id"] is None:
            return "not complete"
        billed_as = "usage" if self.period["is_known_in_time"] else "late_usage_adjustment"
        billed = [line for line in self.lines if line["billed_as"] == billed_as and line["invoice_line_id"]]
        if self.period["is_known_in_time"]:
            return "invoiced" if billed else "not invoiced"
        return "invoiced late" if billed else "late, not billed"


@dataclass(frozen=True)
class EventTrace:
    """An event that counts: every copy of it that landed, its day, its periods, and why there are none."""

    copies: list[Row]
    day: Row | None
    periods: list[PeriodTrace]
    carried_into: int

    @property
    def counted(self) -> Row:
        """The copy that counts."""
        return self.copies[0]

    @property
    def state(self) -> str:
        """Where the event ended: a state of its periods, or why it has none."""
        if self.day is None:
            return "not built"
        if self.day["left_out_because"]:
            return "not measured"
        if self.periods:
            return self.periods[0].state
        if self.carried_into:
            return "carried over"
        if not self.day["is_claimed"]:
            return "no meter"
        return "no period" if self.day["item_count"] else "no subscription item"


@dataclass(frozen=True)
class FoundEvents:
    """Everything that has the id: events of raw, one for each source and UTC day, and records in quarantine.

    ``in_lake`` are the copies that lie in the lake; what became of these is not looked up.
    """

    asked: str
    events: list[EventTrace]
    set_aside: list[QuarantinedRecord]
    loads_since_build: int
    in_lake: list[Row]


def trace_event(connection: Connection, asked: str, source: str | None, day: date | None) -> FoundEvents:
    """Everything with an event id. ``day`` is the UTC day it happened on; without it every day is read.

    Raises NothingToTrace for an id that neither raw, the lake nor quarantine has, LakeUnreadable for the lake.
    """
    from ingestion import quarantine

    given = {"id": asked, "source": source, "day": day}
    copies = rows_of(connection, COPIES, given)
    records = [
        quarantine.record(connection, row["load_id"], row["line_no"]) for row in rows_of(connection, SET_ASIDE, given)
    ]
    set_aside = [record for record in records if record is not None]
    in_lake = _in_lake(connection, asked, source, day)
    if not (copies or set_aside or in_lake):
        raise NothingToTrace(_unknown(connection, asked, source, day))
    identities = dict.fromkeys((copy["source"], copy["occurred_on"]) for copy in copies)
    events = [
        _event(connection, asked, [one for one in copies if (one["source"], one["occurred_on"]) == identity])
        for identity in identities
    ]
    return FoundEvents(asked, events, set_aside, loads_since_build(connection), in_lake)


def _in_lake(connection: Connection, asked: str, source: str | None, day: date | None) -> list[Row]:
    if not is_in_lake(connection):
        return []
    from orchestration.lake.lookup import landed  # brings DuckDB

    return landed(connection, asked, source, day)


def _event(connection: Connection, asked: str, copies: list[Row]) -> EventTrace:
    if all(copy["is_after_build"] for copy in copies):
        return EventTrace(copies, None, [], 0)
    given = {"id": asked, "source": copies[0]["source"], "day": copies[0]["occurred_on"]}
    days = rows_of(connection, USAGE_DAY, given)
    periods = [
        PeriodTrace(period, rows_of(connection, LINES, {"charge": period["charge_id"]}))
        for period in rows_of(connection, PERIODS, given)
    ]
    carried = int(rows_of(connection, CARRIED, given)[0]["periods"])
    return EventTrace(copies, days[0] if days else None, periods, carried)


def _unknown(connection: Connection, asked: str, source: str | None, day: date | None) -> str:
    found = rows_of(connection, NEIGHBOURS, {"id": asked, "day": day})[0]
    near = closest(asked, [name for name in (found["before"], found["after"]) if name])
    where = "".join([f" of {source}" if source else "", f" on {day}" if day else ""])
    return (
        f"No event {asked}{where} has landed, and none is in quarantine. {hint_of(near)}"
        "A copy that repeats another one in its own file is counted by the load and not kept. "
        "What was delivered:  tieout load status"
    )
