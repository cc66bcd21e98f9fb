"""Extracts: write the sample company's, load a landing folder's, and look at what was set aside."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import psycopg
import typer

from ingestion.sample_company.labels import Faults
from orchestration.commands.load_status import say_new_fields
from orchestration.commands.terminal import AsJson, DefaultGroup, Exit, errors, print_json, screen, table, told

if TYPE_CHECKING:
    from ingestion.landing import Delivery, LoadResult

COUNTS = ("rows_in", "accepted", "duplicate", "quarantined", "late_excluded")
TITLES = ("rows in", "accepted", "duplicate", "quarantined", "late")
# Columns that are shown when a load failed.
FAILURES = ("failed", "not_tried", "not tried")

load_app = typer.Typer(
    cls=DefaultGroup,
    no_args_is_help=False,
    help="Load extracts into raw: tieout load [LANDING]; what was loaded: tieout load status.",
)

LandingArgument = Annotated[
    str | None,
    typer.Argument(
        help="Landing folder or URL (s3://, gs://): <landing>/<system>/<object>/<date>/<file>; default: TIEOUT_LANDING."
    ),
]
Day = datetime | None


@told
def sample(
    out: Annotated[Path, typer.Option("--out", help="Folder to write to.")] = Path("sample"),
    seed: Annotated[int, typer.Option(help="The same seed writes the same bytes.")] = 7,
    scale: Annotated[int, typer.Option(min=1, help="Multiplies usage; 1 is small.")] = 1,
    months: Annotated[int, typer.Option(min=2, max=13, help="Months of business, ending with 2026-10.")] = 3,
    faults: Annotated[Faults, typer.Option(help="What is planted: all, few (six in 2026-10) or none.")] = "all",
    as_json: AsJson = False,
) -> None:
    """Write the sample company: extracts of all systems in their real formats, with known faults in truth.jsonl."""
    from ingestion import sample_company

    summary = sample_company.write(seed, scale, months, out, faults)
    if as_json:
        print_json({"out": str(out), **vars_of(summary)})
        return
    screen.print(f"Written to {out}: " + ", ".join(f"{value:,} {name}" for name, value in vars_of(summary).items()))
    screen.print(f"Load it:  tieout load {out}", style="dim")


@load_app.command("folder", hidden=True)
@told
def load(
    landing: LandingArgument = None,
    system: Annotated[list[str] | None, typer.Option("--system", help="Only this system; may be repeated.")] = None,
    start: Annotated[Day, typer.Option("--from", formats=["%Y-%m-%d"], help="First delivery day (YYYY-MM-DD).")] = None,
    end: Annotated[
        Day, typer.Option("--until", formats=["%Y-%m-%d"], help="The day after the last delivery day.")
    ] = None,
    strict: Annotated[bool, typer.Option("--strict", help="End with 3 when a file was refused.")] = False,
    as_json: AsJson = False,
) -> None:
    """Load every complete file of a landing folder or object store, once.

    A file is loaded whole or not at all; the same file again changes nothing; records that are wrong go to quarantine
    with the reason; a file that is incomplete, or has changed since it was loaded, is refused and named.
    Ends with 0 when every file is accounted for, refused ones and quarantined records included, and with 4 when a load
    failed: nothing of that file landed, the files after it were not tried, and the next run loads them.
    """
    from ingestion.landing import LoadFailed, discover
    from ingestion.stores import StoreFailed
    from warehouse.settings import get_settings

    place = landing or get_settings().landing
    try:
        found = discover(place, system, start.date() if start else None, end.date() if end else None)
    except FileNotFoundError as error:
        errors.print(f"There is no {place}. Give the landing folder, or set TIEOUT_LANDING.", style="red")
        raise typer.Exit(Exit.FAILED) from error
    except StoreFailed as error:
        _end_load([], str(error), strict=strict, as_json=as_json)
        return
    try:
        results, failure = _loaded(found), None
    except LoadFailed as error:
        results, failure = error.results, str(error)
    _end_load(results, failure, strict=strict, as_json=as_json)


def _loaded(found: list[Delivery]) -> list[LoadResult]:
    """Load them as the one writer. Raises LoadFailed, whatever it is that keeps the warehouse from taking files."""
    from ingestion.landing import LoadFailed, load_deliveries, untried
    from warehouse.connection import ensure_started
    from warehouse.errors import WarehouseError
    from warehouse.lock import writer_lock
    from warehouse.migrate import migrate

    try:
        ensure_started()
        migrate()
        with writer_lock(holder="tieout load"):
            return load_deliveries(found)
    except (WarehouseError, psycopg.Error) as error:
        failure = LoadFailed(f"the warehouse cannot be written: {error}")
        failure.results = untried(found, str(failure))
        raise failure from error


def _end_load(results: Sequence[LoadResult], failure: str | None, *, strict: bool, as_json: bool) -> None:
    """Tell what became of every file, and end with the code that says so."""
    if as_json:
        print_json({"loads": [result.as_dict() for result in results]})
    else:
        _say_loads(results)
    if failure is not None:
        errors.print(failure, style="red", markup=False, highlight=False)
        raise typer.Exit(Exit.LOAD_FAILED)
    if strict and any(result.status == "refused" for result in results):
        raise typer.Exit(Exit.ATTENTION)


@load_app.command("status")
@told
def load_status(
    counted: Annotated[
        bool, typer.Option("--count/--no-count", help="Count the rows of raw, or believe the figures of the loads.")
    ] = True,
    as_json: AsJson = False,
) -> None:
    """What has been loaded, what waits, and whether every row that came in is accounted for.

    By system and object: files, retries, rows, and the last delivery day; records still open in quarantine; files that
    were refused and have not loaded since. Ends with 3 when the rows of a load are not what its figures say.
    """
    from orchestration.commands.load_status import show

    show(counted=counted, as_json=as_json)


def vars_of(summary: Any) -> dict[str, Any]:
    """The figures of a summary, whatever it is made of."""
    return {name: value for name, value in summary.__dict__.items() if isinstance(value, int | str)}


def _say_loads(results: Sequence[LoadResult]) -> None:
    by_object: dict[tuple[str, str], Counter[str]] = {}
    for result in results:
        of_object = by_object.setdefault((result.system, result.object), Counter())
        of_object["files"] += 1
        of_object[result.status] += 1
        for name in COUNTS:
            of_object[name] += int(getattr(result, name) or 0)
    figures = ["files", "loaded", "already_loaded", "refused", "failed", "not_tried", *COUNTS]
    titles = ["files", "loaded", "already", "refused", "failed", "not tried", *TITLES]
    if not any(of_object["failed"] for of_object in by_object.values()):
        figures, titles = ([name for name in names if name not in FAILURES] for names in (figures, titles))
    shown = [[*key, *(f"{counted[name]:,}" for name in figures)] for key, counted in sorted(by_object.items())]
    screen.print(table("Loaded", ["system", "object", *titles], shown, right=titles))
    for result in results:
        if result.status == "refused":
            screen.print(f"[red]refused[/] {result.reason}: {result.detail or result.file}", highlight=False)
        if result.new_fields:
            say_new_fields(result.system, result.object, result.delivered_on, result.file, result.new_fields)
    screen.print("Build the models:  tieout build", style="dim")
