"""The ``tieout`` command."""

from __future__ import annotations

import typer

from orchestration.commands import (
    breaks,
    building,
    checks,
    closing,
    closing_books,
    conformance,
    demo,
    developing,
    extracts,
    packaging,
    pulling,
    pulling_changes,
    quarantining,
    tracing,
    warehouse_commands,
)

app = typer.Typer(
    no_args_is_help=True,
    pretty_exceptions_show_locals=False,
    context_settings={"help_option_names": ["-h", "--help"]},
    help=(
        "Tie out billing and revenue: usage, Stripe, CRM, ERP and bank, to the cent.\n\n"
        "A month in five commands: tieout up, tieout load LANDING, tieout build, tieout close summary, "
        "tieout breaks list. "
        "Or all of it on a sample company: tieout demo.\n\n"
        "Exit codes: 0 done; 1 could not be done; 2 wrong usage; 3 done, but something wants attention."
    ),
)

LOOK, MOVE, ANSWER = "Look around", "Move data", "Answers"

app.command(rich_help_panel=LOOK)(demo.demo)
app.command(rich_help_panel=LOOK)(warehouse_commands.doctor)
app.command(rich_help_panel=LOOK)(building.status)
app.command(rich_help_panel=LOOK)(developing.dev)
app.command(rich_help_panel=MOVE)(warehouse_commands.up)
app.command(rich_help_panel=MOVE)(warehouse_commands.down)
app.command("stop", hidden=True)(warehouse_commands.down)
app.command(rich_help_panel=MOVE)(extracts.sample)
pulling_changes.add_to(pulling.pull_app)
app.add_typer(pulling.pull_app, name="pull", rich_help_panel=MOVE)
app.add_typer(pulling.webhook_app, name="webhook", rich_help_panel=MOVE)
app.add_typer(extracts.load_app, name="load", rich_help_panel=MOVE)
app.add_typer(quarantining.quarantine_app, name="quarantine", rich_help_panel=MOVE)
app.command(rich_help_panel=MOVE)(building.build)
closing_books.add_to(closing.close_app)
packaging.add_to(closing.close_app)
app.add_typer(closing.close_app, name="close", rich_help_panel=ANSWER)
app.add_typer(breaks.breaks_app, name="breaks", rich_help_panel=ANSWER)
app.add_typer(tracing.trace_app, name="trace", rich_help_panel=ANSWER)
app.add_typer(checks.checks_app, name="checks", rich_help_panel=ANSWER)
app.add_typer(conformance.conformance_app, name="conformance", rich_help_panel=ANSWER)
app.command("dagster-env", hidden=True)(developing.dagster_env)


def main() -> None:
    """Run the command."""
    app()


if __name__ == "__main__":
    main()
