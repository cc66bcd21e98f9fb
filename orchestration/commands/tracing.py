"""Trace: from an invoice line to its events with file and line and back; from an invoice to the bank."""

from __future__ import annotations

import json
from collections.abc import Iterable
from datetime import date, datetime
from itertools import chain
from pathlib import Path
from typing import Annotated, Any

import typer

from orchestration.commands import traced_event, traced_invoice, traced_line
from orchestration.commands.terminal import AsJson, DefaultGroup, Exit, json_text, print_json, screen, told
from orchestration.tracing.lookup import Row

trace_app = typer.Typer(
    cls=DefaultGroup,
    help="From an invoice line to its events, with file and line, and back; from an invoice to the bank line.",
)


@trace_app.command("line")
@told
def trace_line(
    line: Annotated[
        str,
        typer.Argument(metavar="ID", help="An invoice line, a charge, or the key of both as breaks name it."),
    ],
    system: Annotated[
        str | None, typer.Option("--system", help="stripe or erp, where both have a line of this id.")
    ] = None,
    limit: Annotated[int, typer.Option("--events", min=0, help="Show so many events.")] = 20,
    everything: Annotated[bool, typer.Option("--all", help="Show every event.")] = False,
    out: Annotated[Path | None, typer.Option(help="Write every event to this CSV file.")] = None,
    as_json: AsJson = False,
) -> None:
    """What an invoice line is made of: charge, price, tiers, discounts, tax, usage days, events with file and line.

    The quantity is computed once more from the events alone and held against the charge. Ends with 3 when they differ.
    """
    from orchestration.tracing import lines
    from warehouse.connection import connect

    with connect("auditor", autocommit=True) as connection:
        found = lines.trace_line(connection, line.strip(), system, limit)
        stream = (
            chain.from_iterable(lines.events_of(connection, charge) for charge in found.charges) if everything else None
        )
        if as_json:
            record = traced_line.as_record(found)
            print_json(record) if stream is None else _print_json_with(record, "events", stream)
        else:
            screen.print(traced_line.as_screen(found, events_below=everything))
            if stream is not None:
                traced_line.print_events(screen, stream)
            screen.print(traced_line.verdict(found))
        if out is not None:
            written = lines.write_events(connection, found, out)
            if not as_json:
                screen.print(f"{written:,} events written to {out}", highlight=False, soft_wrap=True)
    if not found.adds_up:
        raise typer.Exit(Exit.ATTENTION)


@trace_app.command("event")
@told
def trace_event(
    event: Annotated[str, typer.Argument(metavar="EVENT_ID", help="CloudEvents id.")],
    source: Annotated[str | None, typer.Option(help="CloudEvents source, where several have this id.")] = None,
    day: Annotated[
        datetime | None,
        typer.Option("--on", formats=["%Y-%m-%d"], help="UTC day it happened on: quicker on a long history."),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """What became of a usage event: its copies, its day, its charge and invoice line, or why there is none."""
    from orchestration.tracing import events
    from warehouse.connection import connect

    with connect("auditor", autocommit=True) as connection:
        found = events.trace_event(connection, event.strip(), source, _date(day))
    if as_json:
        print_json(traced_event.as_record(found))
    else:
        screen.print(traced_event.as_screen(found))


@trace_app.command("invoice")
@told
def trace_invoice(
    invoice: Annotated[
        str, typer.Argument(metavar="ID", help="An invoice or its number; or a payment, charge or booking of it.")
    ],
    system: Annotated[str | None, typer.Option("--system", help="stripe or erp, where both have this id.")] = None,
    as_json: AsJson = False,
) -> None:
    """The money of an invoice: what is due and paid, each payment, its booking, its payout and the bank line."""
    from orchestration.tracing import invoices
    from warehouse.connection import connect

    with connect("auditor", autocommit=True) as connection:
        found = invoices.trace_invoice(connection, invoice.strip(), system)
    if as_json:
        print_json(traced_invoice.as_record(found))
    else:
        screen.print(traced_invoice.as_screen(found))


def _date(given: datetime | None) -> date | None:
    return None if given is None else given.date()


def _print_json_with(record: dict[str, Any], name: str, rows: Iterable[Row]) -> None:
    """The record with one more list at its end, written row by row."""
    typer.echo(json_text(record).removesuffix("\n}") + f',\n  "{name}": [', nl=False)
    for number, row in enumerate(rows):
        typer.echo(("," if number else "") + "\n    " + json.dumps(traced_line.plain(row)), nl=False)
    typer.echo("\n  ]\n}")
