"""Plans and closings as an accountant reads them on a terminal."""

from __future__ import annotations

from collections.abc import Sequence

from rich.console import Group, RenderableType
from rich.text import Text

from orchestration.close.closing import Closed, ClosePlan
from orchestration.close.gates import Gate, Reason
from orchestration.close.posting import PostedMonth
from orchestration.close.reproduction import Reproduction
from orchestration.close.verification import Verdict
from orchestration.words import NO_CURRENCY, count, exponent_of, exponents, money

ROWS_SHOWN = 5
STYLES = {"passed": "green", "open": "bold red", "waived": "yellow", "not checked": "yellow"}


def plan_screen(plan: ClosePlan) -> RenderableType:
    """What would be posted, every gate with its rows and what to do, and the verdict."""
    ready = not plan.open_gates
    verdict = ("READY", "bold green") if ready else ("NOT READY", "bold red")
    lines: list[RenderableType] = [
        Text.assemble((f"Close {plan.period:%Y-%m} of {plan.entity}", "bold"), "   ready to close: ", verdict),
        Text(),
        Text(f"Would post: {_posted(plan.posted)}"),
        Text(),
        *_gates(plan.gates),
        Text(),
    ]
    if ready:
        next_step = f"tieout close run --period {plan.period:%Y-%m} --preparer NAME --approver NAME"
    else:
        next_step = f"do what stands beside the open gates, then: tieout close plan --period {plan.period:%Y-%m}"
    return Group(*lines, Text(f"Nothing was posted. Next: {next_step}", style="dim"))


def closed_screen(closed: Closed) -> RenderableType:
    """Who closed what, what was posted, what was waived or not checked, and the digests."""
    left = [gate for gate in closed.gates if gate.status != "passed"]
    lines: list[RenderableType] = [
        Text(f"{closed.period:%Y-%m} of {closed.entity} is closed.", style="bold green"),
        Text(f"Prepared by {closed.preparer}, approved by {closed.approver}, {closed.happened_at:%Y-%m-%d %H:%M} UTC."),
        Text(f"Posted: {_posted(closed.posted)}. The month has {count(closed.line_count, 'line')}."),
        Text(f"Chain head    {closed.chain_head}"),
        Text(f"Trial balance {closed.trial_balance_sha256}"),
    ]
    if left:
        lines += [Text(), *_gates(left)]
    return Group(*lines)


def verdict_screen(verdict: Verdict) -> RenderableType:
    """Closed months with their heads, and everything that does not hold."""
    lines = [
        Text(f"{month.entity} {month.period}   {count(month.line_count, 'line')}   head {month.chain_head}")
        for month in verdict.months
    ]
    if verdict.faults:
        lines.append(Text(f"The books do not hold, {count(len(verdict.faults), 'fault')}:", style="bold red"))
        lines += [
            Text(f"  - {fault.entity}{f' {fault.period}' if fault.period else ''}, {fault.where}: {fault.problem}")
            for fault in verdict.faults
        ]
    else:
        lines.append(Text("The books hold: every line and every event follows from the one before it.", style="green"))
    return Group(*lines)


def reproduction_screen(found: Reproduction) -> RenderableType:
    """What was built again from which snapshot, what was compared, and the first thing that differs."""
    known = f", known by {found.as_of:%Y-%m-%d %H:%M} UTC" if found.as_of else ""
    how = "byte for byte" if found.by_line else "by entry, line and account, as its lines came in several postings"
    lines = [
        Text(f"{found.period:%Y-%m} of {found.entity}, closed {found.closed_at:%Y-%m-%d %H:%M} UTC", style="bold"),
        Text(f"Built again from the loads through number {found.load_seq:,}{known}, in {found.seconds} s."),
        Text(f"Compared: {count(found.line_count, 'line')}, {how}; the balances at the month's end by their hash."),
    ]
    if not found.same_version:
        lines.append(
            Text(
                f"Closed with version {found.closed_with}, built again with {found.built_with}: "
                "what differs may come of the version.",
                style="yellow",
            )
        )
    if found.first_difference is None:
        lines.append(Text("Identical.", style="bold green"))
    else:
        first = found.first_difference
        lines += [
            Text(f"Not identical, {count(found.difference_count, 'amount differs', 'amounts differ')}.", "bold red"),
            Text(f"First: {first.where}"),
            Text(f"  posted      {first.posted or 'nothing'}"),
            Text(f"  built again {first.built or 'nothing'}"),
        ]
    return Group(*lines)


def _posted(posted: Sequence[PostedMonth]) -> str:
    if not posted:
        return "nothing, everything is in the books already"
    return "; ".join(
        f"{count(month.lines, 'line')} of {count(month.entries, 'entry', 'entries')} into {month.period:%Y-%m}"
        + (f" ({month.late_lines:,} for earlier months)" if month.late_lines else "")
        for month in posted
    )


def _gates(gates: Sequence[Gate]) -> list[RenderableType]:
    decimals = exponents()
    lines: list[RenderableType] = []
    for gate in gates:
        lines.append(
            Text.assemble(
                f"{gate.number:>2}  ", (f"{gate.status:<12}", STYLES[gate.status]), f"{gate.name}: {gate.question}"
            )
        )
        if gate.because:
            lines.append(Text(f"                  because {gate.because}"))
        if gate.status in {"open", "waived"}:
            lines += [
                Text(f"                  - {_reason(reason, exponent_of(reason.currency, decimals))}")
                for reason in gate.reasons[:ROWS_SHOWN]
            ]
            if len(gate.reasons) > ROWS_SHOWN:
                lines.append(Text(f"                  - and {len(gate.reasons) - ROWS_SHOWN:,} more, in --json"))
        if gate.status == "open":
            lines.append(Text(f"                  what to do: {gate.remedy}", style="bold"))
    return lines


def _reason(reason: Reason, exponent: int) -> str:
    size = [f"{reason.count:,}"] if reason.count > 1 else []
    if reason.amount_minor is not None and reason.currency != NO_CURRENCY:
        size.append(money(reason.amount_minor, reason.currency, exponent))
    control = f"{reason.control_id} " if reason.control_id else ""
    return f"{control}{reason.says}" + (f": {' for '.join(size)}" if size else "")
