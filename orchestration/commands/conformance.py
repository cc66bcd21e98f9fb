"""Conformance: compute worked cases with the warehouse's own SQL and say which come out as they should."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from orchestration.commands.terminal import Exit, errors, screen, told

if TYPE_CHECKING:
    from orchestration.conformance import CaseResult, Engine, Subject

conformance_app = typer.Typer(
    no_args_is_help=True, help="Worked cases of billing and of revenue, computed by the same SQL as production."
)

FileArgument = Annotated[Path, typer.Argument(help="A case a line, in JSON.", exists=True, dir_okay=False)]
JsonOption = Annotated[Path | None, typer.Option("--json", help="Also write every result to this file.")]
EngineOption = Annotated[Literal["postgres", "duckdb", "spark"], typer.Option(help="What computes the cases.")]


@conformance_app.command("rating")
@told
def rating(file: FileArgument, out: JsonOption = None, engine: EngineOption = "postgres") -> None:
    """Rating, periods, metering and invoices: compute every case of FILE and compare.

    Lists what differs with both sides; the last line counts. Ends with 1 when a case failed or was skipped. On DuckDB
    and Spark a case is skipped when a number of it needs more digits than the engine has; its own words are shown.
    """
    from orchestration import conformance

    _run(conformance.RATING, file, out, engine)


@conformance_app.command("revrec")
@told
def revrec(file: FileArgument, out: JsonOption = None) -> None:
    """Schedules, journal and disclosures of revenue: compute every case of FILE and compare.

    Months and accounts that a case does not expect are differences too; figures that only repeat what a source printed
    are not compared. Lists what differs with both sides; the last line counts. Ends with 1 when a case failed or was
    skipped.
    """
    from orchestration import conformance

    _run(conformance.REVREC, file, out)


def _run(subject: Subject, file: Path, out: Path | None, engine: Engine = "postgres") -> None:
    from orchestration import conformance
    from warehouse.migrate import migrate

    migrate()
    try:
        results = conformance.run(file, subject, engine=engine)
    except (conformance.CasesRefused, conformance.ConformanceFailed) as problem:
        errors.print(str(problem), style="red", markup=False, highlight=False)
        raise typer.Exit(Exit.FAILED) from problem
    counted = Counter[str](result.status for result in results)
    if out is not None:
        counts = {status: counted[status] for status in ("passed", "failed", "skipped")}
        report = {**counts, "results": [asdict(result) for result in results]}
        out.write_text(json.dumps(report, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    _say(results)
    typer.echo(f"{counted['passed']} passed, {counted['failed']} failed, {counted['skipped']} skipped")
    if counted["failed"] or counted["skipped"]:
        raise typer.Exit(Exit.FAILED)


def _say(results: Sequence[CaseResult]) -> None:
    for result in results:
        if result.status == "passed":
            continue
        reason = f": {result.reason}" if result.reason else ""
        screen.print(
            f"{result.status} {result.id} ({result.op}){reason}", markup=False, highlight=False, soft_wrap=True
        )
        for one in result.differences if result.status == "failed" else []:
            words = f"    {one['output']}: expected {one['expected']}, got {one['got']}"
            screen.print(words, markup=False, highlight=False, soft_wrap=True)
