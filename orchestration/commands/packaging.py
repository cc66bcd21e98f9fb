"""The close package of a month: written into a folder, or a folder checked against its manifest and the books."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import Annotated

import psycopg
import typer

from orchestration.commands.closing_books import Entity
from orchestration.commands.terminal import AsJson, Exit, errors, print_json, screen, told
from orchestration.words import count


def add_to(close_app: typer.Typer) -> None:
    """Put the command below ``tieout close``."""
    close_app.command("package")(package)


@told
def package(
    period: Annotated[datetime | None, typer.Option("--period", formats=["%Y-%m"], help="The month, YYYY-MM.")] = None,
    output: Annotated[
        Path | None, typer.Option("--output", help="Folder to write to; default: below the state folder.")
    ] = None,
    check: Annotated[
        Path | None, typer.Option("--check", help="Check the package in this folder instead of writing one.")
    ] = None,
    entity: Entity = "main",
    as_json: AsJson = False,
) -> None:
    """Write what a closed month is handed over as: workbook, ERP journal with its detail, PDF, and their manifest.

    The same close gives the same bytes, whoever makes it and whenever. --check says whether the files in a folder are
    those of its manifest, and whether the books know that closing. Ends with 3 when something does not hold.
    """
    from orchestration.close.package.write import write_package

    if check is not None and period is None:
        _check(check, as_json=as_json)
        return
    if period is None or check is not None:
        errors.print("Either --period, to write a package, or --check FOLDER.", style="red")
        raise typer.Exit(2)
    written = write_package(entity, period.date(), output)
    if as_json:
        print_json({**vars(written), "period": f"{period:%Y-%m}"})
    else:
        for path in written.files:
            screen.print(str(path), soft_wrap=True, highlight=False)
        screen.print(f"manifest.json, SHA-256 {written.manifest_sha256}", soft_wrap=True, highlight=False)
        screen.print(f"{count(written.checks, 'check cell')} in the workbook", end="")
        screen.print(", all 0." if not written.not_zero else ".")
    if written.not_zero:
        wrong = ", ".join(f"{sheet} ({number})" for sheet, number in written.not_zero.items())
        errors.print(f"Check cells that are not 0: {wrong}. Look at them before anybody signs.", style="red")
        raise typer.Exit(Exit.ATTENTION)


def _check(folder: Path, *, as_json: bool) -> None:
    from orchestration.close.package.manifest import problems_against_books, problems_of

    problems = problems_of(folder)
    asked = True
    try:
        problems += problems_against_books(folder)
    except psycopg.OperationalError:
        asked = False
    if as_json:
        print_json({"folder": folder, "problems": problems, "books_asked": asked})
    else:
        for problem in problems:
            screen.print(problem, style="red", markup=False, soft_wrap=True)
        if not asked:
            screen.print("The warehouse does not answer, so the books were not asked.", style="yellow")
        if not problems:
            screen.print("Every file is as it was packaged" + (", and the books know this closing." if asked else "."))
    if problems:
        raise typer.Exit(Exit.ATTENTION)
