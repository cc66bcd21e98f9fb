"""The close summary as one screen of a terminal, and as plain text."""

from __future__ import annotations

import io
from itertools import groupby
from operator import attrgetter

from rich.console import Console, Group, RenderableType
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from orchestration.close.summary import BreakLine, CloseSummary
from orchestration.words import NO_CURRENCY, count, money, share

PLAIN_WIDTH = 110
REASONS_SHOWN = 10


def as_screen(summary: CloseSummary) -> RenderableType:
    """Period, tie-out by currency, breaks by control, gate, and where to look next."""
    return Group(
        _heading(summary),
        Text(),
        Padding(_tie_out(summary), (0, 0, 0, 2)),
        Text(),
        Padding(_breaks(summary), (0, 0, 0, 2)),
        Text(),
        _gate(summary),
        Text(),
        _next(summary),
    )


def as_text(summary: CloseSummary) -> str:
    """The same without colour, for logs and files."""
    console = Console(file=io.StringIO(), width=PLAIN_WIDTH, color_system=None)
    with console.capture() as captured:
        console.print(as_screen(summary))
    return "\n".join(line.rstrip() for line in captured.get().splitlines())


def _heading(summary: CloseSummary) -> Text:
    as_of = f"as of {summary.as_of:%Y-%m-%d %H:%M} UTC" if summary.as_of else ""
    verdict = ("READY", "bold green") if summary.is_ready else ("NOT READY", "bold red")
    return Text.assemble((f"Close {summary.period:%Y-%m}", "bold"), f"   {as_of}   ready to close: ", verdict)


def _tie_out(summary: CloseSummary) -> Table:
    table = _table("Billed and tied out", "currency", "billed", "tied out", "not tied out", "share tied", "lines tied")
    for line in summary.tie_out:
        table.add_row(
            line.currency.upper(),
            money(line.billed_minor, line.currency, line.exponent),
            money(line.tied_minor, line.currency, line.exponent),
            money(line.billed_minor - line.tied_minor, line.currency, line.exponent),
            share(line.tied_share),
            f"{line.tied_lines:,} of {line.lines:,}",
        )
    return table


def _breaks(summary: CloseSummary) -> RenderableType:
    waiting = f"{count(summary.expected, 'difference')} still inside the time allowed, not counted."
    if not summary.breaks:
        return Text(f"No open breaks. {waiting}")
    currencies = [line.currency for line in summary.tie_out]
    currencies += sorted({line.currency for line in summary.breaks} - {*currencies, NO_CURRENCY})
    table = _table(
        "Open breaks by control, net (left side less right side)",
        "control",
        "what is compared",
        "breaks",
        *(currency.upper() for currency in currencies),
    )
    table.columns[1].justify = "left"
    for control_id, lines in groupby(summary.breaks, key=attrgetter("control_id")):
        of_control = list(lines)
        amounts = {line.currency: _amount(line) for line in of_control}
        table.add_row(
            control_id,
            of_control[0].control,
            f"{sum(line.count for line in of_control):,}",
            *(amounts.get(currency, "-") for currency in currencies),
        )
    return Group(table, Text(waiting, style="dim"))


def _amount(line: BreakLine) -> str:
    return money(line.amount_minor, line.currency, line.exponent)


def _gate(summary: CloseSummary) -> RenderableType:
    if summary.is_ready:
        return Text("Gate: ready. Nothing that blocks this close is open.", style="green")
    lines = [Text(f"Gate: not ready, {count(len(summary.gate), 'reason')}:", style="bold")]
    told: dict[str, list[str]] = {}
    for reason in summary.gate:
        told.setdefault(reason.says, []).append(reason.size)
    grouped = [f"  - {says}: {'; '.join(sizes)}" if any(sizes) else f"  - {says}" for says, sizes in told.items()]
    lines.extend(Text(line) for line in grouped[:REASONS_SHOWN])
    if len(grouped) > REASONS_SHOWN:
        lines.append(Text(f"  - and {len(grouped) - REASONS_SHOWN} more: tieout close summary --json"))
    return Group(*lines)


def _next(summary: CloseSummary) -> Text:
    control = summary.breaks[0].control_id if summary.breaks else "B1"
    return Text.assemble(
        ("Next: ", "bold"),
        f"tieout breaks list --control {control}   ",
        "tieout breaks show <break>   ",
        "tieout checks   ",
        "make dev   ",
        "make notebook",
    )


def _table(title: str, first: str, *others: str) -> Table:
    table = Table(title=title, title_justify="left", title_style="bold", box=None, pad_edge=False, padding=(0, 2, 0, 0))
    table.add_column(first, header_style="dim")
    for name in others:
        table.add_column(name, justify="right", header_style="dim")
    return table
