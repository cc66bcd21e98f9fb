"""The demo: a sample company's month tied out, from extracts to the close summary."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import date
from pathlib import Path
from time import monotonic
from typing import Annotated, Self

import typer
from rich.console import Console
from rich.progress import BarColumn, Progress, SpinnerColumn, TaskID, TextColumn, TimeElapsedColumn

from ingestion.sample_company.labels import Faults
from orchestration.commands.closing import as_record
from orchestration.commands.terminal import AsJson, print_json, screen, told
from orchestration.partitions import Window
from orchestration.paths import dagster_state, sample_landing
from orchestration.progress import listening, report

SEED, SCALE, MONTHS = 7, 1, 3
DELIVERIES = Window.of_days(date(2026, 10, 28), date(2026, 11, 9))
PERIOD = date(2026, 10, 1)

# What each stage costs, in parts of the whole, so that the bar moves evenly.
STAGES = {
    "starting the warehouse": 6,
    "writing the sample company": 3,
    "reading the models": 15,
    "loading deliveries": 12,
    "checks on what was delivered": 14,
    "models and checks": 40,
    "checks on what was built": 8,
    "closing 2026-10": 2,
}


@told
def demo(
    seed: Annotated[int, typer.Option(help="Seed of the sample company.")] = SEED,
    faults: Annotated[
        Faults, typer.Option(help="Planted mistakes: one for six controls, every class twice, or none.")
    ] = "few",
    as_json: AsJson = False,
) -> None:
    """Build a sample company with known faults, tie out its month through Dagster, and print the close summary.

    Runs again without changing anything: what is loaded stays loaded.
    """
    from orchestration.close.summary import close_summary_of
    from orchestration.close.text import as_screen
    from orchestration.quiet import output_to

    started = monotonic()
    log = dagster_state().parent / "demo.log"
    with output_to(log) as console, _Bar(console, hidden=as_json) as bar, listening(bar.heard):
        _prepare(sample_landing(), seed, faults)
        _run(sample_landing())
    summary = close_summary_of(PERIOD)
    seconds = round(monotonic() - started)
    if as_json:
        print_json({"seconds": seconds, "seed": seed, "landing": sample_landing(), "summary": as_record(summary)})
        return
    screen.print(as_screen(summary))
    screen.print(f"\nDone in {seconds} s. Extracts: {sample_landing()}   Log: {log}", style="dim", soft_wrap=True)


def _prepare(landing: Path, seed: int, faults: Faults) -> None:
    """Warehouse, schema, extracts, and the parsed models: what does not need the other goes side by side."""
    from ingestion import sample_company
    from orchestration import dbt_process
    from warehouse.connection import ensure_started
    from warehouse.migrate import migrate

    report("starting the warehouse", 0, 1)
    ensure_started()
    with ThreadPoolExecutor(1) as beside:
        models = beside.submit(dbt_process.manifest_path)
        migrate()
        report("writing the sample company", 0, 1)
        sample_company.write(seed, SCALE, MONTHS, landing, faults)
        report("reading the models", 0, 1)
        models.result()


def _run(landing: Path) -> None:
    """Everything through Dagster, with its records kept where the UI shows them."""
    from orchestration import launch

    launch.tie_out(DELIVERIES, str(landing))
    report(f"closing {PERIOD:%Y-%m}", 0, 1)
    launch.close_summary(PERIOD)


class _Bar:
    """One bar for all stages."""

    def __init__(self, console: Console, *, hidden: bool) -> None:
        columns = (SpinnerColumn(), TextColumn("{task.description:<32}"), BarColumn(), TimeElapsedColumn())
        self._progress = Progress(*columns, console=console, transient=True, disable=hidden)
        self._task = TaskID(0)

    def __enter__(self) -> Self:
        self._progress.start()
        self._task = self._progress.add_task("", total=sum(STAGES.values()))
        return self

    def __exit__(self, *_: object) -> None:
        self._progress.stop()

    def heard(self, stage: str, done: int, total: int) -> None:
        """Move on: the stages before are over, and this one is as far as it says."""
        names = list(STAGES)
        if stage not in STAGES:
            return
        before = sum(STAGES[name] for name in names[: names.index(stage)])
        share = done / total if total else 0
        words = f"{stage} {done:,}/{total:,}" if total > 1 else stage
        self._progress.update(self._task, completed=before + STAGES[stage] * share, description=words)
