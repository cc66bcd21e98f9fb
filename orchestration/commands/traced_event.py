"""How the trace of a usage event is shown: to a person, and to another program."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from rich.console import Group, RenderableType
from rich.text import Text

from orchestration.commands.terminal import table
from orchestration.commands.traced_line import facts, instant, plain
from orchestration.tracing.events import EventTrace, FoundEvents, PeriodTrace
from orchestration.tracing.lookup import Row
from orchestration.words import count, exponent_of, exponents, money, quantity

if TYPE_CHECKING:
    from ingestion.quarantine import QuarantinedRecord

FATES = {"counts": "counts", "repetition": "left out: the same again", "conflict": "left out: conflict"}


def as_screen(found: FoundEvents) -> RenderableType:
    """Each event with the id, then the records of quarantine that have it."""
    shown: list[RenderableType] = []
    decimals = exponents()
    for event in found.events:
        shown += _event(event, decimals)
    if found.in_lake:
        shown += _in_lake(found.in_lake)
    for record in found.set_aside:
        shown += _set_aside(record)
    if found.loads_since_build:
        shown.append(Text(f"{count(found.loads_since_build, 'load')} not built yet. Run: tieout build", style="dim"))
    return Group(*(part for renderable in shown for part in (renderable, Text())))


def as_record(found: FoundEvents) -> dict[str, Any]:
    """The trace for another program. Amounts are whole minor units of the currency beside them, as text."""
    from ingestion.remedies import remedy_of

    return {
        "asked": found.asked,
        "events": [
            {
                "state": event.state,
                "says": said_of(event),
                "copies": plain(event.copies),
                "day": plain(event.day),
                "periods": [{"state": one.state, **plain(asdict(one))} for one in event.periods],
                "carried_into": event.carried_into,
            }
            for event in found.events
        ],
        "in_lake": plain(found.in_lake),
        "quarantine": [
            {
                **{name: plain(value, name) for name, value in asdict(record).items() if name != "raw"},
                "remedy": remedy_of(record.reason).text,
            }
            for record in found.set_aside
        ],
        "loads_since_build": found.loads_since_build,
    }


def said_of(event: EventTrace) -> str:
    """Where the event ended, in one sentence."""
    counted, day = event.counted, event.day or {}
    meter = day.get("meter_code")
    sentences = {
        "not built": "It landed after the last build. Run: tieout build",
        "not measured": f"The meter {meter} does not measure it: {day.get('left_out_because')}.",
        "no meter": f"No meter of the catalogue claims the event type {counted['event_type']}, so nothing rates it.",
        "no subscription item": f"No subscription item of {counted['account_id']} meters {meter}, so nothing rates it.",
        "no period": (
            f"{counted['account_id']} has items that meter {meter}, but no billing period of theirs holds "
            f"{day.get('usage_on')}; a trial has none."
        ),
        "carried over": (
            f"No period holds its day; it is in the level that {count(event.carried_into, 'period')} start with."
        ),
        "not complete": "Metered; its period is not complete yet, so nothing is rated.",
        "not invoiced": "Rated, not yet invoiced.",
        "late, not billed": "Known after the cut-off of its period: not in the charge, and on no invoice.",
        "invoiced late": "Known after the cut-off of its period: billed as an adjustment on a later invoice.",
        "invoiced": "Rated and invoiced.",
    }
    return sentences[event.state]


def _event(event: EventTrace, decimals: Mapping[str, int]) -> Iterator[RenderableType]:
    counted = event.counted
    rows = [
        [
            FATES[copy["fate"]],
            quantity(copy["quantity"]),
            instant(copy["occurred_at"]),
            instant(copy["recorded_at"]),
            copy["file_line"],
        ]
        for copy in event.copies
    ]
    title = f"{counted['event_type']} of {counted['account_id']}, from {counted['source']}"
    columns = ["copy", "quantity", "happened (UTC)", "known (UTC)", "file and line"]
    yield table(title, columns, rows, right=["quantity"])
    if event.day is not None:
        day = event.day
        late = ", recorded a day or more after the end of its day" if day["is_late"] else ""
        of_day = f"{quantity(day['quantity'])} from {count(day['event_count'], 'event')}" if day["aggregation"] else "-"
        yield Text(
            f"Its day is {day['usage_on']} ({day['timezone']}) of meter {day['meter_code']}: {of_day}, "
            f"{day['duplicate_count'] or 0:,} repeated, {day['conflict_count'] or 0:,} in conflict{late}."
        )
    yield Text(said_of(event), style="bold")
    for period in event.periods:
        yield from _period(period, decimals)
    if event.carried_into and event.periods:
        yield Text(f"It is also in the level that {count(event.carried_into, 'later period')} start with.")


def _period(traced: PeriodTrace, decimals: Mapping[str, int]) -> Iterator[RenderableType]:
    period = traced.period
    span = f"{period['first_day']} to {period['end_day']}, end not included"
    if period["charge_id"] is None:
        until = instant(period["cut_off_at"])
        yield Text(f"Item {period['subscription_item_id']}, {span}: complete at {until} UTC, rated then.")
        return
    exponent = exponent_of(period["currency"], decimals)
    known = [f"known before {instant(period['cut_off_at'])} UTC", "yes" if period["is_known_in_time"] else "no"]
    told = [
        ["local days", span],
        ["price", period["price_code"]],
        ["quantity charged", quantity(period["quantity"])],
        ["amount before discount", money(period["gross_minor"], period["currency"], exponent)],
        known,
    ]
    if not period["is_known_in_time"]:
        worth = money(period["late_usage_adjustment_minor"], period["currency"], exponent)
        told.append(["late usage of the period", f"{quantity(period['late_quantity'])} units, worth {worth}"])
    yield facts(f"Charge {period['charge_id']}", told)
    rows = [
        [
            line["invoice_line_id"],
            line["billed_as"],
            f"{line['invoice_id']} ({line['invoice_status']})",
            str(line["invoice_on"] or "-"),
            quantity(line["quantity"]),
            money(line["net_minor"], line["currency"], exponent),
            line["file_line"],
        ]
        for line in traced.lines
        if line["invoice_line_id"]
    ]
    if rows:
        columns = ["line", "as", "invoice", "date", "quantity", "net", "file and line"]
        yield table("Lines that bill the charge", columns, rows, right=["quantity", "net"])
        yield Text("All of a line:  tieout trace line <line>", style="dim")
    else:
        due = next((line["expected_at"] for line in traced.lines), None)
        yield Text(f"On no invoice; due by {instant(due)} UTC.")


def _in_lake(copies: list[Row]) -> Iterator[RenderableType]:
    rows = [
        [
            copy["source"],
            copy["event_type"],
            copy["account_id"],
            quantity(copy["quantity"]),
            instant(copy["occurred_at"]),
            copy["file_line"],
        ]
        for copy in copies
    ]
    columns = ["from", "type", "account", "quantity", "happened (UTC)", "file and line"]
    yield table("Landed in the lake", columns, rows, right=["quantity"])
    yield Text(
        "In the lake one event is followed no further: whether a copy counts, its local day and its charge are not "
        "looked up. Its days:  marts.fct_usage_daily",
        style="yellow",
    )


def _set_aside(record: QuarantinedRecord) -> Iterator[RenderableType]:
    from ingestion.remedies import remedy_of

    where = f"{record.system}/{record.object}/{record.delivered_on}/{record.file_name}:{record.line_no}"
    remedy = remedy_of(record.reason)
    detail = record.detail.removeprefix(f"{where}: ")
    yield Text(f"In quarantine ({record.state}): {record.reason}, {where}\n{detail}", style="yellow")
    yield Text(f"{remedy.owner}: {remedy.text}")
