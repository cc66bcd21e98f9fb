"""Closing the books of a month: plan, post, run, reopen, verify, and the GL accounts."""

from __future__ import annotations

import getpass
from datetime import datetime
from pathlib import Path
from typing import Annotated, Any

import typer

from orchestration.commands.terminal import (
    AsJson,
    Exit,
    build_progress,
    errors,
    print_json,
    screen,
    table,
    told,
)
from orchestration.words import count

Month = Annotated[datetime, typer.Option("--period", formats=["%Y-%m"], help="The month, YYYY-MM.")]
Entity = Annotated[str, typer.Option(help="The company whose books they are.")]
Preparer = Annotated[str, typer.Option(help="Who prepared it.")]
Approver = Annotated[str, typer.Option(help="Who approves it: somebody else.")]
Waive = Annotated[
    list[str] | None,
    typer.Option(help="Let a gate stay open, with the reason that auditors will read: 'open breaks=clears in May'."),
]


def add_to(close_app: typer.Typer) -> None:
    """Put the commands below ``tieout close``."""
    close_app.command("plan")(plan)
    close_app.command("run")(run)
    close_app.command("post")(post)
    close_app.command("reopen")(reopen)
    close_app.command("verify")(verify)
    close_app.command("reproduce")(reproduce)
    close_app.command("accounts")(accounts)


@told
def plan(
    period: Month,
    entity: Entity = "main",
    reproduce_last: Annotated[
        bool, typer.Option("--reproduce", help="First build the last closed month again, for its gate.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Say what closing a month would post and what still stands in its way. Posts nothing.

    Each open gate shows the rows to look at and what to do. Ends with 3 when the month is not ready.
    """
    from orchestration.close import closing, reproduction
    from orchestration.close.screens import plan_screen

    last = reproduction.last_closed(entity, period.date()) if reproduce_last else None
    if last is not None:
        with build_progress("models", shown=not as_json) as show:
            reproduction.reproduce(entity, last, on_event=show)
    found = closing.plan(entity, period.date())
    if as_json:
        print_json(_record(found))
    else:
        screen.print(plan_screen(found), soft_wrap=True)
    if found.open_gates:
        raise typer.Exit(Exit.ATTENTION)


@told
def run(
    period: Month,
    preparer: Preparer,
    approver: Approver,
    waive: Waive = None,
    entity: Entity = "main",
    rebuild: Annotated[bool, typer.Option(help="Build the tables that show the books afterwards.")] = True,
    as_json: AsJson = False,
) -> None:
    """Close a month: post what is due, ask the gates, lock the month. All of it happens, or nothing.

    A closed month takes no more postings: what arrives late is posted to the open month. Months close in order.
    """
    from orchestration.build import build
    from orchestration.close import closing
    from orchestration.close.screens import closed_screen, plan_screen

    try:
        closed = closing.close_month(entity, period.date(), preparer, approver, _waivers(waive or []))
    except closing.GatesOpen as refused:
        if as_json:
            print_json(_record(refused.plan))
        else:
            screen.print(plan_screen(refused.plan), soft_wrap=True)
        raise typer.Exit(Exit.ATTENTION) from refused
    if as_json:
        print_json(_record(closed))
    else:
        screen.print(closed_screen(closed), soft_wrap=True)
    if rebuild:
        build(select=[closing.BOOKS_AND_BELOW], exclude=closing.COMPARED_BY_BUILDS, holder="tieout close run")


@told
def post(
    period: Month,
    who: Annotated[str, typer.Option(help="Who posts; default: the user of this machine.")] = "",
    entity: Entity = "main",
    as_json: AsJson = False,
) -> None:
    """Post what is due through a month without closing it. What is posted already is not posted again."""
    from orchestration.close import closing

    posted = closing.post_month(entity, period.date(), who or getpass.getuser())
    if as_json:
        print_json(posted)
        return
    for month in posted:
        late = f", {month.late_lines:,} for earlier months" if month.late_lines else ""
        screen.print(f"{month.period:%Y-%m}: {count(month.lines, 'line')}{late}")
    if not posted:
        screen.print("Nothing to post: everything is in the books already.")


@told
def reopen(
    period: Month,
    preparer: Preparer,
    approver: Approver,
    reason: Annotated[str, typer.Option(help="Why, as an auditor will read it.")],
    entity: Entity = "main",
) -> None:
    """Open a closed month again, on record. Only the last closed month can be opened.

    Mostly it is not needed: late facts post to the open month and keep the month that they belong to.
    """
    from orchestration.close import closing

    closing.reopen(entity, period.date(), preparer, approver, reason)
    screen.print(f"{period:%Y-%m} of {entity} is open again. Close it: tieout close run --period {period:%Y-%m}")


@told
def verify(
    entity: Annotated[str | None, typer.Option(help="One company's books; default: all.")] = None,
    as_json: AsJson = False,
) -> None:
    """Check that nobody has changed the books: chains, balances, and the digests of closed months.

    Names the first line that does not hold. Compare the heads it prints with those you kept. Ends with 3 on a fault.
    """
    from orchestration.close import verification
    from orchestration.close.screens import verdict_screen

    found = verification.verify(entity)
    if as_json:
        print_json(found)
    else:
        screen.print(verdict_screen(found), soft_wrap=True)
    if found.faults:
        raise typer.Exit(Exit.ATTENTION)


@told
def reproduce(
    month: Annotated[
        datetime | None, typer.Argument(formats=["%Y-%m"], help="The closed month, YYYY-MM.", show_default=False)
    ] = None,
    period: Annotated[
        datetime | None, typer.Option("--period", formats=["%Y-%m"], help="The same, as an option.")
    ] = None,
    entity: Entity = "main",
    as_json: AsJson = False,
) -> None:
    """Build a closed month again from what was known when it closed, and compare it with what was posted.

    Byte for byte, in schemas of its own that are dropped afterwards; takes as long as a full build. What came out is
    kept for the gate "reproduction". Ends with 3 when something differs.
    """
    from orchestration.close.reproduction import reproduce as build_again
    from orchestration.close.screens import reproduction_screen

    if (month is None) == (period is None):
        errors.print("Which month? tieout close reproduce 2026-03", style="red")
        raise typer.Exit(2)
    chosen = month or period
    assert chosen is not None  # noqa: S101 - one of the two is there
    with build_progress("models", shown=not as_json) as show:
        found = build_again(entity, chosen.date(), on_event=show)
    if as_json:
        print_json(_record(found))
    else:
        screen.print(reproduction_screen(found), soft_wrap=True)
    if not found.is_identical:
        raise typer.Exit(Exit.ATTENTION)


@told
def accounts(
    file: Annotated[Path | None, typer.Option("--from", help="Add the rows of this CSV.")] = None,
    standard: Annotated[bool, typer.Option("--standard", help="Add the standard chart of accounts.")] = False,
    who: Annotated[str, typer.Option(help="Who adds them; default: the user of this machine.")] = "",
    entity: Entity = "main",
    as_json: AsJson = False,
) -> None:
    """List the GL account of each account, or add some: account,valid_from,gl_account,gl_name.

    A row holds from its month on, until a later row of the account. Rows are added, never changed.
    """
    from orchestration.close import accounts as books

    if file and standard:
        errors.print("Either --from or --standard.", style="red")
        raise typer.Exit(2)
    source = books.STANDARD if standard else file
    if source is not None:
        added = books.add(entity, books.read(source), who or getpass.getuser())
        screen.print(f"{count(added, 'row')} added.")
        return
    rows = books.in_force(entity)
    if as_json:
        print_json(rows)
        return
    columns = ["account", "from", "GL account", "name"]
    shown = [[row["account"], f"{row['valid_from']:%Y-%m}", row["gl_account"], row["gl_name"]] for row in rows]
    screen.print(table(f"GL accounts of {entity}", columns, shown))


def _waivers(given: list[str]) -> dict[str, str]:
    made = {}
    for text in given:
        gate, _, reason = (part.strip() for part in text.partition("="))
        if not gate or not reason:
            errors.print(f"--waive is GATE=REASON, not {text!r}.", style="red", markup=False)
            raise typer.Exit(2)
        made[gate] = reason
    return made


def _record(found: Any) -> dict[str, Any]:
    record = dict(vars(found))
    record["period"] = f"{found.period:%Y-%m}"
    return record
