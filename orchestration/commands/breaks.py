"""Breaks: what does not tie out, with both sides, the amount and the evidence, and what people do about it."""

from __future__ import annotations

import getpass
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from typing import Annotated, Any

import typer

from orchestration.commands.terminal import AsJson, DefaultGroup, Exit, errors, print_json, screen, table, told
from orchestration.queries import rows_of
from orchestration.words import count, exponent_of, exponents, money, quantity

breaks_app = typer.Typer(
    cls=DefaultGroup,
    help="What does not tie out: list it, show one with its evidence, and say what becomes of it.",
)

# Controls whose keys name an invoice line or a charge.
BILLED_LINES = ("B1", "B2")
SEVERITIES = "S1 is the gravest, S4 the least"
Break = Annotated[str, typer.Argument(help="Id of the break, or its first characters.")]
Who = Annotated[str, typer.Option(help="Who says so; default: the user of this machine.")]
Because = Annotated[str, typer.Option(help="Why, as an auditor will read it.")]

REGISTER = """
    select register.*, built.explained_minor as likely_minor
    from reconciliation.recon_break_register as register
    left join reconciliation.recon_breaks as built
        on register.break_id = built.break_id and register.signature = built.signature
    where (%(control)s::text is null or register.control_id = upper(%(control)s))
        and (%(class)s::text is null or register.break_class = upper(%(class)s))
        and (%(owner)s::text is null or %(owner)s in (register.owner, register.assignee))
        and (
            %(status)s = 'all' or register.status = %(status)s
            or (%(status)s = 'open' and register.resolution is null and register.status <> 'expected')
        )
    order by register.severity, abs(register.amount_minor) desc nulls last, register.control_id, register.tracking_key
"""
HISTORY = """
    select events.event_no, events.happened_at, events.event, events.status, events.version, events.actor,
        events.approver, events.reason, events.cause, events.amount_minor, events.evidence, events.expires_on,
        events.assignee, events.run_no
    from recon.break_events as events
    where events.break_id = %s
    order by events.event_no
"""


@breaks_app.command("list")
@told
def breaks_list(
    control: Annotated[str | None, typer.Option(help="Only this control, for example B1.")] = None,
    break_class: Annotated[str | None, typer.Option("--class", help="Only this class, for example UNBILLED.")] = None,
    status: Annotated[
        str, typer.Option(help="open (all that is not resolved), expected (in time), one status by name, or all.")
    ] = "open",
    owner: Annotated[str | None, typer.Option(help="Only what this team or person has.")] = None,
    limit: Annotated[int, typer.Option(min=1, help="Show at most so many; --json gives all.")] = 50,
    as_json: AsJson = False,
) -> None:
    """List breaks, the gravest and largest first. Amounts are left side less right side."""
    rows = rows_of(REGISTER, {"control": control, "class": break_class, "status": status, "owner": owner})
    if as_json:
        print_json([as_record(row) for row in rows])
        return
    decimals = exponents()
    shown = [
        [
            row["break_id"][:8],
            row["control_id"],
            row["break_class"],
            row["tracking_key"],
            _amount(row, decimals),
            row["severity"],
            row["status"],
            row["ageing_bucket"],
            row["assignee"] or row["owner"],
        ]
        for row in rows[:limit]
    ]
    columns = ["break", "control", "class", "key", "amount", "severity", "status", "days", "owner"]
    screen.print(table(f"{count(len(rows), 'break')} ({status})", columns, shown, right=["amount"]))
    if len(rows) > limit:
        screen.print(f"{len(rows) - limit:,} more: --limit {len(rows)}", style="dim")
    screen.print(f"{SEVERITIES}. Days are business days. One of them:  tieout breaks show <break>", style="dim")


@breaks_app.command("show")
@told
def breaks_show(break_id: Break, as_json: AsJson = False) -> None:
    """Show one break: what each side says, where that stands, the likely cause, who owns it and what happened to it."""
    from orchestration.breaks.telling import find

    row = find(break_id)
    history = rows_of(HISTORY, (row["break_id"],))
    if as_json:
        print_json({**as_record(row), "history": history})
        return
    decimals = exponents()
    facts = [
        ["break", row["break_id"]],
        ["control", f"{row['control_id']} {row['name']}"],
        ["class", f"{row['break_class']} ({row['status']})"],
        ["key", row["tracking_key"]],
        ["account", row["account_id"] or "-"],
        ["amount", _amount(row, decimals)],
        ["explained", _explained(row, decimals)],
        [row["left_name"], _side(row["left_values"], row["left_ids"])],
        [row["right_name"], _side(row["right_values"], row["right_ids"])],
        ["date", f"{row['business_on']} ({count(row['age_business_days'], 'business day')} old)"],
        ["first seen", _first_seen(row)],
        ["likely cause", row["cause"] + (f": {row['explained_by']}" if row["explained_by"] else "")],
        ["severity", row["severity"]],
        ["owner", row["owner"] + (f", assigned to {row['assignee']}" if row["assignee"] else "")],
    ]
    screen.print(table("", ["", ""], facts))
    happened = [
        [f"{event['happened_at']:%Y-%m-%d %H:%M}", event["event"], event["status"], event["actor"], _said(event)]
        for event in history
    ]
    screen.print(table("History", ["when (UTC)", "what", "then", "who", "said"], happened))
    if row["control_id"] in BILLED_LINES:
        behind = f"Down to the events behind it:  tieout trace line '{row['tracking_key']}'"
        screen.print(behind, style="dim", highlight=False, markup=False, soft_wrap=True)


@breaks_app.command("acknowledge")
@told
def acknowledge(break_id: Break, who: Who = "") -> None:
    """Say that somebody has seen a break."""
    _tell(break_id, "acknowledged", who)


@breaks_app.command("start")
@told
def start(break_id: Break, who: Who = "") -> None:
    """Say that somebody works on a break."""
    _tell(break_id, "started", who)


@breaks_app.command("assign")
@told
def assign(break_id: Break, to: Annotated[str, typer.Option(help="Who takes it.")], who: Who = "") -> None:
    """Give a break to somebody."""
    _tell(break_id, "assigned", who, assignee=to)


@breaks_app.command("explain")
@told
def explain(
    break_id: Break,
    because: Because,
    cause: Annotated[str, typer.Option(help="Root cause, such as TIMING.settlement or PARTNER.bank_fee.")],
    evidence: Annotated[str, typer.Option(help="Where an auditor finds the proof: a link, a ticket, a document.")],
    until: Annotated[datetime, typer.Option(formats=["%Y-%m-%d"], help="The first day on which it no longer holds.")],
    amount: Annotated[
        str | None, typer.Option(help="How much of it, such as 12.34; default: all that is left.")
    ] = None,
    who: Who = "",
) -> None:
    """Explain a break, or part of it, until a day. An explanation is void when either side's values change.

    An explained break no longer keeps a month from closing; what is left of one explained in part still does.
    """
    from orchestration.breaks.telling import covered_minor, find

    row = find(break_id)
    exponent = exponent_of(row["currency"], exponents())
    minor = None if amount is None else covered_minor(amount, row["amount_minor"], exponent)
    _tell(
        break_id,
        "explained",
        who,
        reason=because,
        cause=cause,
        evidence=evidence,
        expires_on=until.date(),
        amount_minor=minor,
    )


@breaks_app.command("resolve")
@told
def resolve(
    break_id: Break,
    because: Because,
    approver: Annotated[str | None, typer.Option(help="Who approves it, somebody else: needed for S1 and S2.")] = None,
    force: Annotated[bool, typer.Option(help="Let it rest as it is, until either side's values change.")] = False,
    who: Who = "",
) -> None:
    """Say that a break is settled at its source. If newer deliveries still show it, it is opened again.

    A break that clears by itself needs no resolving: the build that no longer finds it says so.
    """
    _tell(break_id, "forced" if force else "resolved", who, reason=because, approver=approver)


@breaks_app.command("close")
@told
def close(break_id: Break, who: Who = "") -> None:
    """File a resolved break away."""
    _tell(break_id, "closed", who)


@breaks_app.command("export")
@told
def export(
    path: Annotated[Path, typer.Argument(help="The workbook to write, FILE.xlsx.")],
    everything: Annotated[bool, typer.Option("--all", help="Resolved breaks too.")] = False,
) -> None:
    """Write breaks to a workbook in which owner, status and explanation can be filled in."""
    from orchestration.breaks import workbook

    number = workbook.export(path, everything=everything)
    screen.print(
        f"{count(number, 'break')} in {path}. Fill in the coloured columns, then:  tieout breaks import {path}"
    )


@breaks_app.command("import")
@told
def import_workbook(
    path: Annotated[Path, typer.Argument(exists=True, dir_okay=False, help="The workbook that was filled in.")],
    who: Who = "",
) -> None:
    """Take over what was filled in, all of it or nothing. What is wrong is named by sheet, row and column."""
    from orchestration.breaks import workbook

    number = workbook.take_over(path, who or getpass.getuser())
    screen.print(f"{count(number, 'change')} recorded.")


@breaks_app.command("verify")
@told
def verify(as_json: AsJson = False) -> None:
    """Check the record of breaks: every event follows from the one before it, every break from its events."""
    from orchestration.breaks import verification

    record = verification.verify()
    if as_json:
        print_json(record)
    else:
        screen.print(
            f"{count(record.events, 'event')} of {count(record.breaks, 'break')}; last hash {record.head or '-'}"
        )
        for broken in record.broken:
            errors.print(str(broken), style="red", markup=False, highlight=False)
        if not record.broken:
            screen.print("Every link holds.")
    if record.broken:
        raise typer.Exit(Exit.FAILED)


@breaks_app.command("alerts")
@told
def alerts(as_json: AsJson = False) -> None:
    """Send what people were not told of yet, as every build does. Ends with 3 when something could not be sent."""
    from orchestration.breaks.alerts import send_waiting, targets

    if not targets():
        screen.print("Nobody is told of breaks: set TIEOUT_ALERT_URLS (see .env.example).")
        return
    deliveries = send_waiting()
    if as_json:
        print_json(deliveries)
    else:
        for delivery in deliveries:
            outcome = "sent" if delivery.sent else "not sent, they wait"
            screen.print(f"target {delivery.target}: {count(delivery.alerts, 'alert')} {outcome}")
        if not deliveries:
            screen.print("Everybody was told of everything.")
    if not all(delivery.sent for delivery in deliveries):
        raise typer.Exit(Exit.ATTENTION)


def as_record(row: Mapping[str, Any]) -> dict[str, Any]:
    """A break for another program. Amounts are whole minor units of ``currency``, as text, or None.

    ``explained_minor`` is what people explained; where nobody did, what the build found to explain it.
    """
    return {
        "break_id": row["break_id"],
        "control": row["control_id"],
        "break_class": row["break_class"],
        "key": row["tracking_key"],
        "currency": row["currency"],
        "amount_minor": _text(row["amount_minor"]),
        "left": row["left_values"],
        "right": row["right_values"],
        "cause": row["cause"],
        "explained_minor": _text(row["explained_minor"] or row["likely_minor"] or row["explained_minor"]),
        "severity": row["severity"],
        "status": row["status"],
        "owner": row["assignee"] or row["owner"],
        "business_date": row["business_on"],
        "first_seen": row["first_seen_on"],
        "evidence": {"left": row["left_ids"], "right": row["right_ids"]},
    }


def _tell(break_id: str, event: str, who: str, **said: Any) -> None:
    """Record what a person says of the break as it stands now, and say its status."""
    from orchestration.breaks.telling import Said, find, tell
    from warehouse.connection import connect

    row = find(break_id)
    one = Said(row["break_id"], event, who or getpass.getuser(), row["signature"], row["severity"], **said)
    with connect("closer") as closer:
        status = tell(closer, one)
    screen.print(f"{row['break_id'][:8]} {row['control_id']} {row['break_class']} is {status}.")


def _text(minor: int | None) -> str | None:
    return None if minor is None else str(minor)


def _amount(row: Mapping[str, Any], decimals: Mapping[str, int]) -> str:
    if row["amount_minor"] is None:
        return f"{quantity(row['quantity_delta'])} units" if row["quantity_delta"] is not None else "-"
    return money(int(row["amount_minor"]), row["currency"], exponent_of(row["currency"], decimals))


def _explained(row: Mapping[str, Any], decimals: Mapping[str, int]) -> str:
    if row["amount_minor"] is None:
        return "by people" if row["status"] == "explained" else "-"
    exponent = exponent_of(row["currency"], decimals)
    by_people = money(row["explained_minor"], row["currency"], exponent)
    left = money(row["remaining_minor"], row["currency"], exponent)
    until = f" until {row['expires_on']}" if row["expires_on"] else ""
    found = f"; a cause was found for {money(row['likely_minor'], row['currency'], exponent)}"
    return f"{by_people}{until}, {left} left{found if row['likely_minor'] else ''}"


def _first_seen(row: Mapping[str, Any]) -> str:
    again = f", reopened {count(row['reopened_count'], 'time')}" if row["reopened_count"] else ""
    return f"{row['first_seen_on']}, version {row['version']}{again}"


def _said(event: Mapping[str, Any]) -> str:
    parts = [
        f"to {event['assignee']}" if event["assignee"] else "",
        event["cause"] or "",
        event["reason"] or "",
        f"approved by {event['approver']}" if event["approver"] else "",
        event["evidence"] or "",
        f"until {event['expires_on']}" if event["expires_on"] else "",
    ]
    return "; ".join(part for part in parts if part) or f"run {event['run_no']}"


def _side(values: str | None, ids: str | None) -> str:
    return "nothing" if values is None and ids is None else f"{values or '-'}\n{ids or '-'}"
