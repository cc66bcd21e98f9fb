"""Pulling what changed in the CRM and the ERP: the commands ``tieout pull crm`` and ``tieout pull erp``."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import asdict
from datetime import UTC, date, datetime
from typing import Annotated, Any

import typer

from orchestration.commands.pulling import Instant, Landing, settings_of
from orchestration.commands.terminal import AsJson, Exit, errors, print_json, screen, table, told

Pull = Callable[[str, date], Sequence[Any]]
Date = Annotated[
    Instant, typer.Option("--date", formats=["%Y-%m-%d"], help="Delivery date (YYYY-MM-DD); default: today in UTC.")
]
Full = Annotated[
    bool, typer.Option("--full", help="Ask for everything, not only for what changed since the last pull.")
]


@told
def pull_crm(
    landing: Landing = None,
    on: Date = None,
    objects: Annotated[
        list[str] | None, typer.Option("--object", help="Only this object, such as OrderItem; may be repeated.")
    ] = None,
    full: Full = False,
    as_json: AsJson = False,
) -> None:
    """Fetch what changed in a Salesforce org since the last pull, deleted records included.

    The user is read from TIEOUT_SALESFORCE_*; it needs to read only. Formula fields change without a trace: ask for
    everything (--full) now and then when you use them, after loading what waits. When Salesforce refuses or cannot be
    reached the command says where it stopped, and the same command goes on from there.
    """
    from ingestion.sources import salesforce_api

    settings = settings_of(salesforce_api.SalesforceSettings, "Salesforce")
    _show(
        "Salesforce",
        landing,
        on,
        as_json,
        lambda place, day: salesforce_api.pull(place, day, settings, objects, full=full),
    )


@told
def pull_erp(
    landing: Landing = None,
    on: Date = None,
    objects: Annotated[
        list[str] | None, typer.Option("--object", help="Only this object, such as transactionline; may be repeated.")
    ] = None,
    full: Full = False,
    as_json: AsJson = False,
) -> None:
    """Fetch what changed in a NetSuite account since the last pull, deleted records included.

    The token is read from TIEOUT_NETSUITE_*; its role needs SuiteQL, REST web services and Deleted Records, to read.
    When NetSuite refuses or cannot be reached the command says where it stopped, and the same command goes on from
    there.
    """
    from ingestion.sources import netsuite_api

    settings = settings_of(netsuite_api.NetSuiteSettings, "NetSuite")
    _show(
        "NetSuite", landing, on, as_json, lambda place, day: netsuite_api.pull(place, day, settings, objects, full=full)
    )


def add_to(pull_app: typer.Typer) -> None:
    """Make both commands part of ``tieout pull``."""
    pull_app.command("crm")(pull_crm)
    pull_app.command("erp")(pull_erp)


def _show(who: str, landing: str | None, on: Instant, as_json: bool, pull: Pull) -> None:
    """Pull, and say what came; a failure is told in a sentence."""
    from ingestion.sources.delivered_file import WorkBusy
    from ingestion.sources.failures import PullFailed
    from ingestion.stores import StoreFailed
    from orchestration.paths import landing_place

    place = landing or landing_place()
    day = on.date() if on else datetime.now(UTC).date()
    try:
        with errors.status(f"Asking {who}"):
            found = pull(place, day)
    except (PullFailed, StoreFailed, WorkBusy, ValueError) as error:
        errors.print(str(error), style="red", markup=False)
        raise typer.Exit(Exit.FAILED) from error
    if as_json:
        print_json({"pulled": [asdict(one) for one in found]})
        return
    figures = ["rows", "gone", "requests"]
    shown = [[one.object, one.reach, f"{one.rows:,}", f"{one.gone:,}", f"{one.pages:,}"] for one in found]
    screen.print(table(f"{who}, delivered {day}", ["object", "reach", *figures], shown, right=figures))
    screen.print(f"Load it:  tieout load {place}", style="dim")
