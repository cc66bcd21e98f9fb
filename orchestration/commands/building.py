"""Build the models, and say how things stand."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Annotated, Any

import typer

from orchestration.commands.terminal import AsJson, Exit, build_progress, errors, print_json, screen, table, told
from orchestration.queries import rows_of
from orchestration.words import count

Day = datetime | None
DAY_FORMAT = ["%Y-%m-%d"]


@told
def build(
    start: Annotated[Day, typer.Option("--from", formats=DAY_FORMAT, help="First delivery day (YYYY-MM-DD).")] = None,
    last: Annotated[
        Day, typer.Option("--to", formats=DAY_FORMAT, help="Last delivery day; default: the first.")
    ] = None,
    select: Annotated[list[str] | None, typer.Option(help="Some models only, in dbt's words; may be repeated.")] = None,
    full_refresh: Annotated[
        bool, typer.Option("--full-refresh", help="Build everything anew; same result, more time.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Build every model and run every test, for what was loaded since the last good build.

    --from and --to build delivery days again. There is one writer at a time:
    a second build says who writes and ends with 1.
    """
    from orchestration.build import build as build_models
    from orchestration.partitions import Window
    from warehouse.migrate import migrate

    if last and not start:
        errors.print("--to needs --from.", style="red")
        raise typer.Exit(2)
    window = Window(start.date(), ((last or start).date()) + timedelta(days=1)) if start else None
    migrate()
    with build_progress("models and tests", shown=not as_json) as show:
        result = build_models(window, full_refresh=full_refresh, select=select or (), on_event=show)
    if as_json:
        print_json(vars(result))
        return
    for warning in result.warnings:
        screen.print(f"[yellow]look[/] {warning}", highlight=False)
    built = ", ".join(f"{number:,} {status}" for status, number in sorted(result.nodes.items()))
    screen.print(f"Built in {result.seconds} s: {built}.")
    screen.print("See:  tieout close summary", style="dim")


@told
def status(as_json: AsJson = False) -> None:
    """How things stand: warehouse, deliveries, last build, checks, open breaks, and what to do next."""
    from warehouse import embedded
    from warehouse.settings import get_settings

    if get_settings().warehouse_url is None and not embedded.status().running:
        if as_json:
            print_json({"warehouse": "down"})
        else:
            screen.print("The warehouse is down. Start it:  tieout up")
        raise typer.Exit(Exit.ATTENTION)
    facts = _facts()
    if as_json:
        print_json(facts)
        return
    rows = [
        ["deliveries", f"{count(facts['files'], 'file')}, the last of {facts['last_delivered_on'] or '-'}"],
        ["quarantine", f"{count(facts['quarantined'], 'record')} set aside, {count(facts['refused'], 'file')} refused"],
        ["last build", _last_build(facts["last_build"])],
        ["not built yet", count(facts["loads_to_build"], "load")],
        ["checks", f"{facts['checks_failed']:,} failed, {facts['checks_crashed']:,} crashed"],
        ["open breaks", "-" if facts["open_breaks"] is None else f"{facts['open_breaks']:,}"],
    ]
    screen.print(table("tieout", ["", ""], rows))
    next_command = "tieout build" if facts["loads_to_build"] else "tieout close summary"
    screen.print(f"Next:  {next_command}", style="dim")


def _facts() -> dict[str, Any]:
    facts = rows_of("""
        select
            (select count(*) from ops.loads) as files,
            (select max(delivered_on) from ops.loads) as last_delivered_on,
            (select count(*) from quarantine.records) as quarantined,
            (select count(*) from ops.refusals) as refused,
            (
                select count(*) from ops.loads
                where load_seq > (select coalesce(max(to_load_seq), 0) from ops.builds where status = 'succeeded')
            ) as loads_to_build,
            (select count(*) from checks.results where status = 'failed') as checks_failed,
            (select count(*) from checks.results where status = 'crashed') as checks_crashed,
            to_regclass('reconciliation.recon_breaks') is not null as is_built
    """)[0]
    builds = rows_of("""
        select holder, window_start, window_end, status, code_version, started_at, finished_at
        from ops.builds order by started_at desc limit 1
    """)
    facts["last_build"] = builds[0] if builds else None
    is_built = facts.pop("is_built")
    breaks = "select count(*) as number from reconciliation.recon_breaks where status = 'open'"
    facts["open_breaks"] = rows_of(breaks)[0]["number"] if is_built else None
    return facts


def _last_build(build: dict[str, Any] | None) -> str:
    if build is None:
        return "none yet"
    when = build["finished_at"] or build["started_at"]
    return f"{build['status']} {when:%Y-%m-%d %H:%M} UTC by {build['holder']}"
