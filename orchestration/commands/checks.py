"""Checks: what the expectation suites said, and the rows behind it."""

from __future__ import annotations

from datetime import timedelta
from typing import Annotated, Any

import typer

from orchestration.commands.terminal import AsJson, DefaultGroup, Exit, errors, print_json, screen, table, told
from orchestration.queries import rows_of
from orchestration.words import count

checks_app = typer.Typer(
    cls=DefaultGroup,
    help="What Great Expectations said of deliveries and of marts. Tests of the models run in tieout build.",
)

SIGNS = {"passed": "[green]passed[/]", "failed": "[red]failed[/]", "crashed": "[magenta]crashed[/]"}
LATEST = """
    select distinct on (suite, expectation)
        layer, suite, expectation, dataset, severity, holds_close, status, rows_checked, rows_failed,
        window_start, window_end, message, failing_rows_sql, code_version, started_at, finished_at
    from checks.results
    order by suite, expectation, finished_at desc
"""


@checks_app.command("list")
@told
def checks_list(
    everything: Annotated[bool, typer.Option("--all", help="Also what passed.")] = False, as_json: AsJson = False
) -> None:
    """The last word of every rule; ends with 3 when a blocking one did not pass."""
    rows = rows_of(LATEST)
    wrong = [row for row in rows if row["status"] != "passed"]
    if as_json:
        print_json({"checks": rows})
    elif not rows:
        screen.print("No suite has run yet. Run:  tieout checks run")
    else:
        _show(rows if everything else wrong)
        screen.print(f"{count(len(rows), 'rule')}, {len(wrong):,} not passed.")
    if any(row["severity"] == "block" for row in wrong):
        raise typer.Exit(Exit.ATTENTION)


@checks_app.command("run")
@told
def checks_run(as_json: AsJson = False) -> None:
    """Run every suite on everything that was delivered and built. Ends with 3 when a blocking rule did not pass."""
    from expectations.marts_suites import MARTS_SUITES
    from expectations.raw_suites import RAW_SUITES
    from orchestration.suites import run_suites

    days = rows_of("select min(delivered_on) as first, max(delivered_on) as last from ops.loads")[0]
    if days["first"] is None:
        errors.print("Nothing has been delivered yet. Run: tieout load", style="red")
        raise typer.Exit(Exit.FAILED)
    verdicts = run_suites([*RAW_SUITES, *MARTS_SUITES], days["first"], days["last"] + timedelta(days=1))
    rows = [vars(verdict) for verdict in verdicts]
    wrong = [row for row in rows if row["status"] != "passed"]
    if as_json:
        print_json({"checks": rows})
    else:
        _show(wrong)
        screen.print(f"{count(len(rows), 'rule')}, {len(wrong):,} not passed.")
    if any(row["severity"] == "block" for row in wrong):
        raise typer.Exit(Exit.ATTENTION)


@checks_app.command("show")
@told
def checks_show(
    suite: Annotated[str, typer.Argument(help="For example stripe_records.")],
    expectation: Annotated[str, typer.Argument(help="For example amounts_are_whole_minor_units.")],
    limit: Annotated[int, typer.Option(min=1, help="At most so many rows.")] = 20,
    as_json: AsJson = False,
) -> None:
    """The rows that a rule found wrong, as they are in the warehouse now, and the SQL that retrieves them."""
    from orchestration.suites import failing_rows

    found = [row for row in rows_of(LATEST) if (row["suite"], row["expectation"]) == (suite, expectation)]
    if not found:
        errors.print(f"{suite}: {expectation} has never run. See: tieout checks list --all", style="red")
        raise typer.Exit(Exit.FAILED)
    verdict = found[0]
    rows = failing_rows(verdict, limit)
    if as_json:
        print_json({**verdict, "rows": [{name: str(value) for name, value in row.items()} for row in rows]})
        return
    screen.print(f"{verdict['status']}: {verdict['message']}", highlight=False)
    screen.print(" ".join(verdict["failing_rows_sql"].split()), style="dim", markup=False, highlight=False)
    if rows:
        shown = [["" if value is None else str(value)[:200] for value in row.values()] for row in rows]
        screen.print(table("", list(rows[0]), shown))


@checks_app.command("page")
@told
def checks_page(as_json: AsJson = False) -> None:
    """Write all verdicts as one page that opens without a network, and say where it is."""
    from expectations.page import write_page
    from warehouse.settings import get_settings

    path = write_page(rows_of(LATEST), get_settings().state_dir.resolve() / "pages" / "checks.html")
    if as_json:
        print_json({"page": path})
    else:
        screen.print(str(path), soft_wrap=True)


def _show(rows: list[dict[str, Any]]) -> None:
    shown = [
        [
            SIGNS[row["status"]],
            row["severity"],
            row["suite"],
            row["expectation"],
            "-" if row["rows_failed"] is None else f"{row['rows_failed']:,}",
            row["message"],
        ]
        for row in rows
    ]
    if shown:
        columns = ["", "severity", "suite", "rule", "rows", "what"]
        screen.print(table("Checks", columns, shown, right=["rows"]))
