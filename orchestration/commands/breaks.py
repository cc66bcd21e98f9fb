"""Breaks: what does not tie out, with both sides, the amount and the evidence."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any

import typer

from orchestration.commands.terminal import AsJson, DefaultGroup, Exit, errors, print_json, screen, table, told
from orchestration.queries import rows_of
from orchestration.words import count, exponent_of, exponents, money, quantity

breaks_app = typer.Typer(cls=DefaultGroup, help="What does not tie out: list it, and show one break with its evidence.")

# Controls whose keys name an invoice line or a charge.
BILLED_LINES = ("B1", "B2")
SEVERITIES = "S1 is the gravest, S4 the least"


@breaks_app.command("list")
@told
def breaks_list(
    control: Annotated[str | None, typer.Option(help="Only this control, for example B1.")] = None,
    break_class: Annotated[str | None, typer.Option("--class", help="Only this class, for example UNBILLED.")] = None,
    status: Annotated[str, typer.Option(help="open, expected (inside the time allowed), or all.")] = "open",
    limit: Annotated[int, typer.Option(min=1, help="Show at most so many; --json gives all.")] = 50,
    as_json: AsJson = False,
) -> None:
    """List breaks, the gravest and largest first. Amounts are left side less right side."""
    rows = rows_of(
        """
        select
            breaks.*,
            dense_rank() over (order by breaks.severity) as gravity
        from reconciliation.recon_breaks as breaks
        where (%(control)s::text is null or breaks.control_id = upper(%(control)s))
            and (%(class)s::text is null or breaks.break_class = upper(%(class)s))
            and (%(status)s = 'all' or breaks.status = %(status)s)
        order by gravity, abs(breaks.amount_minor) desc nulls last, breaks.control_id, breaks.tracking_key
        """,
        {"control": control, "class": break_class, "status": status},
    )
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
            str(row["business_on"] or "-"),
            row["owner"],
        ]
        for row in rows[:limit]
    ]
    columns = ["break", "control", "class", "key", "amount", "severity", "date", "owner"]
    screen.print(table(f"{count(len(rows), 'break')} ({status})", columns, shown, right=["amount"]))
    if len(rows) > limit:
        screen.print(f"{len(rows) - limit:,} more: --limit {len(rows)}", style="dim")
    screen.print(f"{SEVERITIES}. One of them:  tieout breaks show <break>", style="dim")


@breaks_app.command("show")
@told
def breaks_show(
    break_id: Annotated[str, typer.Argument(help="Id of the break, or its first characters.")], as_json: AsJson = False
) -> None:
    """Show one break: what each side says, where that stands, the likely cause, and who owns it."""
    rows = rows_of(
        """
        select breaks.*, controls.name, controls.left_name, controls.right_name
        from reconciliation.recon_breaks as breaks
        inner join reconciliation.recon_controls as controls on breaks.control_id = controls.control_id
        where starts_with(breaks.break_id, %s)
        """,
        (break_id,),
    )
    if len(rows) != 1:
        problem = "There is no break" if not rows else f"{len(rows)} breaks have an id"
        errors.print(f"{problem} that begins with {break_id}. See: tieout breaks list", style="red")
        raise typer.Exit(Exit.FAILED)
    row = rows[0]
    if as_json:
        print_json(as_record(row))
        return
    facts = [
        ["break", row["break_id"]],
        ["control", f"{row['control_id']} {row['name']}"],
        ["class", f"{row['break_class']} ({row['status']})"],
        ["key", row["tracking_key"]],
        ["account", row["account_id"] or "-"],
        ["amount", _amount(row, exponents())],
        [row["left_name"], _side(row["left_values"], row["left_ids"])],
        [row["right_name"], _side(row["right_values"], row["right_ids"])],
        ["date", str(row["business_on"] or "-")],
        ["likely cause", row["cause"]],
        ["severity", row["severity"]],
        ["owner", row["owner"]],
        ["as of", f"{row['as_of_at']:%Y-%m-%d %H:%M} UTC"],
    ]
    screen.print(table("", ["", ""], facts))
    if row["control_id"] in BILLED_LINES:
        behind = f"Down to the events behind it:  tieout trace line '{row['tracking_key']}'"
        screen.print(behind, style="dim", highlight=False, markup=False, soft_wrap=True)


def as_record(row: Mapping[str, Any]) -> dict[str, Any]:
    """A break for another program. Amounts are whole minor units of ``currency``, as text, or None."""
    amount = row["amount_minor"]
    return {
        "break_id": row["break_id"],
        "control": row["control_id"],
        "break_class": row["break_class"],
        "key": row["tracking_key"],
        "account_id": row["account_id"],
        "currency": row["currency"],
        "amount_minor": None if amount is None else str(amount),
        "quantity": None if row["quantity_delta"] is None else str(row["quantity_delta"]),
        "left": row["left_values"],
        "right": row["right_values"],
        "cause": row["cause"],
        "severity": row["severity"],
        "status": row["status"],
        "owner": row["owner"],
        "business_date": row["business_on"],
        "evidence": {"left": row["left_ids"], "right": row["right_ids"]},
    }


def _amount(row: Mapping[str, Any], decimals: Mapping[str, int]) -> str:
    if row["amount_minor"] is None:
        return f"{quantity(row['quantity_delta'])} units" if row["quantity_delta"] is not None else "-"
    return money(int(row["amount_minor"]), row["currency"], exponent_of(row["currency"], decimals))


def _side(values: str | None, ids: str | None) -> str:
    return "nothing" if values is None and ids is None else f"{values or '-'}\n{ids or '-'}"
