"""The close: its summary on one screen, and as a page."""

from __future__ import annotations

from datetime import date, datetime
from typing import Annotated, Any

import typer

from orchestration.close.summary import CloseSummary, close_summary_of
from orchestration.commands.terminal import AsJson, DefaultGroup, Exit, print_json, screen, told
from orchestration.words import NO_CURRENCY

close_app = typer.Typer(
    cls=DefaultGroup, help="The close of a month: what ties out, what breaks, and whether it may close."
)

Period = Annotated[
    datetime | None,
    typer.Option("--period", formats=["%Y-%m"], help="The month, YYYY-MM; default: the last one that has ended."),
]


@close_app.command("summary")
@told
def summary(
    period: Period = None,
    gate: Annotated[bool, typer.Option("--gate", help="End with 3 when the month is not ready to close.")] = False,
    as_json: AsJson = False,
) -> None:
    """Print the close summary: billed and tied out by currency, breaks by control, gate, next commands."""
    from orchestration.close.text import as_screen

    found = close_summary_of(_first_day(period))
    if as_json:
        print_json(as_record(found))
    else:
        screen.print(as_screen(found))
    if gate and not found.is_ready:
        raise typer.Exit(Exit.ATTENTION)


@close_app.command("page")
@told
def page(period: Period = None, as_json: AsJson = False) -> None:
    """Write the close summary as one page that opens without a network, and say where it is."""
    from orchestration.close.page import write_page

    path = write_page(close_summary_of(_first_day(period)))
    if as_json:
        print_json({"page": path})
    else:
        screen.print(str(path), soft_wrap=True)


def as_record(found: CloseSummary) -> dict[str, Any]:
    """The summary for another program. Amounts are whole minor units of the currency beside them, as text."""
    return {
        "period": f"{found.period:%Y-%m}",
        "as_of": found.as_of,
        "ready": found.is_ready,
        "currencies": [
            {
                "currency": line.currency,
                "billed_minor": str(line.billed_minor),
                "tied_minor": str(line.tied_minor),
                "tied_share": line.tied_share,
                "lines": line.lines,
                "tied_lines": line.tied_lines,
            }
            for line in found.tie_out
        ],
        "breaks": [
            {
                "control": line.control_id,
                "name": line.control,
                "currency": None if line.currency == NO_CURRENCY else line.currency,
                "count": line.count,
                "amount_minor": None if line.amount_minor is None else str(line.amount_minor),
                "gross_minor": None if line.gross_minor is None else str(line.gross_minor),
            }
            for line in found.breaks
        ],
        "expected": found.expected,
        "gate": [{"gate": reason.gate, "reason": reason.text} for reason in found.gate],
    }


def _first_day(period: datetime | None) -> date | None:
    return period.date().replace(day=1) if period else None
