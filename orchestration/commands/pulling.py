"""Pulling: fetch the extracts of a system that has an API into the landing folder."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer

from orchestration.commands.terminal import AsJson, DefaultGroup, Exit, errors, print_json, screen, table, told

pull_app = typer.Typer(cls=DefaultGroup, help="Fetch extracts from a system's API into the landing folder.")

Instant = datetime | None


@pull_app.command("stripe")
@told
def pull_stripe(
    landing: Annotated[Path | None, typer.Option("--landing", help="Landing folder; default: TIEOUT_LANDING.")] = None,
    date: Annotated[
        Instant, typer.Option("--date", formats=["%Y-%m-%d"], help="Delivery date (YYYY-MM-DD); default: today in UTC.")
    ] = None,
    objects: Annotated[
        list[str] | None, typer.Option("--object", help="Only this object, such as invoices; may be repeated.")
    ] = None,
    since: Annotated[
        Instant, typer.Option(formats=["%Y-%m-%d"], help="Only what was created from this UTC day on; default: all.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """List every object of a Stripe account at one pinned API version and keep the answers word for word.

    The key is read from TIEOUT_STRIPE_API_KEY; a restricted key that may only read is enough. When Stripe refuses or
    cannot be reached the command says where it stopped, and the same command goes on from there.
    """
    from pydantic import ValidationError

    from ingestion.sources import stripe_api
    from warehouse.settings import get_settings

    try:
        settings = stripe_api.StripeSettings()
    except ValidationError as error:
        wrong = ", ".join(f"TIEOUT_STRIPE_{'_'.join(map(str, one['loc']))}".upper() for one in error.errors())
        errors.print(f"Stripe cannot be asked before these are set right: {wrong}", style="red")
        raise typer.Exit(Exit.FAILED) from error
    folder = landing or get_settings().landing
    day = date.date() if date else datetime.now(UTC).date()
    begin = since.replace(tzinfo=UTC) if since else None
    try:
        results = stripe_api.pull(folder, day, settings, objects, begin)
    except (stripe_api.StripePullFailed, ValueError) as error:
        errors.print(str(error), style="red", markup=False)
        raise typer.Exit(Exit.FAILED) from error
    if as_json:
        print_json({"pulled": [{**vars(result), "path": str(result.path)} for result in results]})
        return
    shown = [[result.object, result.status, f"{result.rows:,}", f"{result.pages:,}"] for result in results]
    figures = ["rows", "pages"]
    screen.print(table(f"Stripe, delivered {day}", ["object", "status", *figures], shown, right=figures))
    screen.print(f"Load it:  tieout load {folder}", style="dim")
