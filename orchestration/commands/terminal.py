"""What every command shares: how it prints, how it ends, and how a problem is told."""

from __future__ import annotations

import functools
import json
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict, is_dataclass
from datetime import date, datetime
from decimal import Decimal
from enum import IntEnum
from pathlib import Path
from typing import Annotated, Any, ParamSpec, TypeVar
from uuid import UUID

import psycopg
import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn
from rich.table import Table
from typer.core import TyperGroup

Parameters = ParamSpec("Parameters")
Result = TypeVar("Result")

# Into a pipe or a file there is no terminal to fit, so tables keep their width.
WIDTH = None if sys.stdout.isatty() else 140

screen = Console(width=WIDTH)
errors = Console(stderr=True, soft_wrap=True)

AsJson = Annotated[bool, typer.Option("--json", help="Print JSON for another program instead of words for a person.")]


class Exit(IntEnum):
    """Exit codes: done; could not be done; (2 is wrong usage); done, but something wants a person's attention.

    A load that failed says so with a code of its own: what landed before it has landed, and the next run goes on.
    """

    DONE = 0
    FAILED = 1
    ATTENTION = 3
    LOAD_FAILED = 4


class DefaultGroup(TyperGroup):
    """A group whose first command is meant when none is named: ``tieout load here`` is ``tieout load folder here``."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        """Put the first command in front of what is not a command."""
        if (not args or args[0] not in self.commands) and "--help" not in args:
            args = [next(iter(self.commands)), *args]
        return list(super().parse_args(ctx, args))


def told(command: Callable[Parameters, Result]) -> Callable[Parameters, Result]:
    """Tell the problems a person can do something about in one sentence, without a traceback."""

    @functools.wraps(command)
    def run(*args: Parameters.args, **named: Parameters.kwargs) -> Result:
        from ingestion.landing import LoadFailed
        from ingestion.sample_company import SampleRefused
        from orchestration.build import BuildFailed
        from orchestration.close.summary import NothingToClose
        from orchestration.launch import RunFailed
        from warehouse.errors import WarehouseError

        try:
            return command(*args, **named)
        except (WarehouseError, LoadFailed, BuildFailed, NothingToClose, RunFailed, SampleRefused) as problem:
            errors.print(str(problem), style="red", markup=False, highlight=False)
        except psycopg.errors.UndefinedTable as problem:
            errors.print(f"Not there yet: {problem.diag.message_primary}. Run: tieout build", style="red", markup=False)
        except psycopg.OperationalError as problem:
            errors.print(f"The warehouse does not answer: {problem}\nRun: tieout doctor", style="red", markup=False)
        raise typer.Exit(Exit.FAILED)

    return run


@contextmanager
def build_progress(what: str, *, shown: bool) -> Iterator[Callable[[Mapping[str, Any]], None]]:
    """A bar that fills as dbt builds; gives what listens to dbt's events."""
    from orchestration.dbt_process import RESULT_EVENTS

    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    with Progress(*columns, console=errors, transient=True, disable=not shown) as progress:
        task = progress.add_task(what, total=None)

        def show(event: Mapping[str, Any]) -> None:
            if event["info"].get("name") in RESULT_EVENTS:
                data = event["data"]
                progress.update(task, completed=data.get("index"), total=data.get("total") or data.get("num_models"))

        yield show


def print_json(value: Any) -> None:
    """Indented JSON on standard output; exact numbers and times as text."""
    typer.echo(json_text(value))


def json_text(value: Any) -> str:
    """Indented JSON; exact numbers and times as text."""
    return json.dumps(value, indent=2, default=_plain, ensure_ascii=False)


def table(title: str, columns: Sequence[str], rows: Sequence[Sequence[str]], right: Sequence[str] = ()) -> Table:
    """A plain table; ``right`` names the columns of figures."""
    made = Table(title=title, title_justify="left", title_style="bold", box=None, pad_edge=False, padding=(0, 2, 0, 0))
    for name in columns:
        made.add_column(
            name,
            header_style="dim",
            justify="right" if name in right else "left",
            overflow="fold",
            no_wrap=name in right,
        )
    for row in rows:
        made.add_row(*row)
    return made


def _plain(value: Any) -> Any:
    if is_dataclass(value) and not isinstance(value, type):
        return asdict(value)
    if isinstance(value, datetime | date):
        return value.isoformat()
    if isinstance(value, Decimal | UUID | Path):
        return str(value)
    raise TypeError(f"{type(value).__name__} has no form in JSON")
