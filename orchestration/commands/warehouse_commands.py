"""The warehouse itself: look at it, start it, stop it."""

from __future__ import annotations

from dataclasses import asdict

import typer

from orchestration.commands.terminal import AsJson, Exit, print_json, screen, table, told

SIGNS = {"ok": "[green]ok[/]", "warn": "[yellow]look[/]", "fail": "[red]wrong[/]"}


@told
def doctor(as_json: AsJson = False) -> None:
    """Say what is there and what is wrong, and what to do about it. Starts and changes nothing.

    Ends with 0 when nothing is wrong, with 1 otherwise.
    """
    from warehouse import doctor as warehouse_doctor

    findings = warehouse_doctor.run()
    if as_json:
        print_json([asdict(finding) for finding in findings])
    else:
        for finding in findings:
            screen.print(f"{SIGNS[finding.level]:>14}  [bold]{finding.name}[/]  {finding.what}", highlight=False)
            if finding.remedy:
                screen.print(f"       {finding.remedy}", style="dim", highlight=False)
    if any(finding.level == "fail" for finding in findings):
        raise typer.Exit(Exit.FAILED)


@told
def up(as_json: AsJson = False) -> None:
    """Start the warehouse, bring its schema up to date, and say how to connect.

    With TIEOUT_WAREHOUSE_URL set nothing is started: that Postgres is used.
    """
    from warehouse import embedded
    from warehouse.connection import ensure_started
    from warehouse.migrate import migrate
    from warehouse.settings import get_settings

    ensure_started()
    applied = migrate()
    own = get_settings().warehouse_url is not None
    access = {} if own else embedded.how_to_connect()
    if as_json:
        print_json({"migrations_applied": applied, "access": access})
        return
    screen.print("The warehouse is up." + (f" {len(applied)} migrations applied." if applied else ""))
    if access:
        screen.print(table("How to connect", ["with", "this"], [[name, text] for name, text in access.items()]))


@told
def down(as_json: AsJson = False) -> None:
    """Stop the embedded warehouse. Its data stays; any command starts it again."""
    from warehouse import embedded

    stopped = embedded.stop()
    if as_json:
        print_json({"stopped": stopped})
    else:
        screen.print("Stopped." if stopped else "It was not running.")
