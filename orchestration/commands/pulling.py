"""Pulling: fetch the extracts of a system that has an API into the landing folder."""

from __future__ import annotations

import contextlib
import signal
from datetime import UTC, datetime
from typing import Annotated, Any, TypeVar

import typer
from pydantic_settings import BaseSettings

from orchestration.commands.terminal import AsJson, DefaultGroup, Exit, errors, print_json, screen, table, told

pull_app = typer.Typer(cls=DefaultGroup, help="Fetch extracts from a system's API into the landing folder.")
webhook_app = typer.Typer(cls=DefaultGroup, help="Take in events that a system sends by itself.")

Instant = datetime | None
Settings = TypeVar("Settings", bound=BaseSettings)
Landing = Annotated[
    str | None, typer.Option("--landing", help="Landing folder or URL (s3://, gs://); default: TIEOUT_LANDING.")
]


@pull_app.command("stripe")
@told
def pull_stripe(
    landing: Landing = None,
    date: Annotated[
        Instant, typer.Option("--date", formats=["%Y-%m-%d"], help="Delivery date (YYYY-MM-DD); default: today in UTC.")
    ] = None,
    objects: Annotated[
        list[str] | None, typer.Option("--object", help="Only this object, such as invoices; may be repeated.")
    ] = None,
    since: Annotated[
        Instant, typer.Option(formats=["%Y-%m-%d"], help="List only what was created from this UTC day on.")
    ] = None,
    backfill: Annotated[
        bool, typer.Option("--backfill", help="List everything again, whatever has been pulled before.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Fetch what is new in a Stripe account, at one pinned API version, and keep the answers word for word.

    The first pull lists every object. The next ones follow Stripe's events and fetch again what changed. After more
    than 28 days without a pull everything is listed again, and the command says so. The key is read from
    TIEOUT_STRIPE_API_KEY; a restricted key that may only read is enough. When Stripe refuses or cannot be reached the
    command says where it stopped, and the same command goes on from there.
    """
    from ingestion.sources import stripe_api
    from ingestion.stores import StoreFailed
    from orchestration.paths import landing_place

    settings = settings_of(stripe_api.StripeSettings, "Stripe")
    place = landing or landing_place()
    day = date.date() if date else datetime.now(UTC).date()
    begin = since.replace(tzinfo=UTC) if since else None
    try:
        with errors.status("Asking Stripe") as status:
            found = stripe_api.pull(
                place,
                day,
                settings,
                objects,
                begin,
                backfill=backfill,
                progress=lambda name, rows: status.update(f"Asking Stripe: {name}, {rows:,} rows"),
            )
    except (stripe_api.StripePullFailed, StoreFailed, ValueError) as error:
        errors.print(str(error), style="red", markup=False)
        raise typer.Exit(Exit.FAILED) from error
    if as_json:
        print_json({"pulled": [vars(one) for one in found.objects], "notes": found.notes, "cursor": found.cursor})
        return
    shown = [[one.object, one.mode, one.status, f"{one.rows:,}", f"{one.pages:,}"] for one in found.objects]
    figures = ["rows", "requests"]
    screen.print(table(f"Stripe, delivered {day}", ["object", "by", "status", *figures], shown, right=figures))
    for note in found.notes:
        screen.print(note, style="yellow", markup=False)
    screen.print(f"Load it:  tieout load {place}", style="dim")


@webhook_app.command("serve")
@told
def webhook_serve(
    landing: Landing = None,
    host: Annotated[str, typer.Option(help="Address to listen at.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(min=0, max=65535, help="Port to listen at; 0 takes a free one.")] = 4242,
) -> None:
    """Take in Stripe's webhooks at POST /stripe until it is stopped; GET /health tells the counts.

    What comes is verified with the signing secrets of TIEOUT_STRIPE_WEBHOOK_SECRETS (several, with commas between,
    while one is rolled) and is on the disk before it is answered. Every minute a file of stripe/events is delivered;
    the next pull fetches the objects that changed. It speaks plain HTTP: put what ends TLS before it.
    """
    from ingestion.sources import stripe_webhooks
    from orchestration.paths import landing_place

    settings = settings_of(stripe_webhooks.WebhookSettings, "Stripe")
    place = landing or landing_place()
    try:
        intake = stripe_webhooks.Intake(place, settings.each())
    except ValueError as error:
        errors.print(f"Set TIEOUT_STRIPE_WEBHOOK_SECRETS: {error}", style="red", markup=False)
        raise typer.Exit(Exit.FAILED) from error
    with (
        stripe_webhooks.server(intake, host, port) as server,
        stripe_webhooks.rotating(place, settings.rotate_seconds),
    ):
        screen.print(f"Stripe's webhooks are taken in at http://{host}:{server.server_port}{stripe_webhooks.PATH}")
        # A service manager's SIGTERM means the same as Ctrl-C.
        signal.signal(signal.SIGTERM, signal.default_int_handler)
        with contextlib.suppress(KeyboardInterrupt):
            server.serve_forever()
    screen.print("Taken in: " + ", ".join(f"{number:,} {what}" for what, number in intake.counts.items()))


def settings_of(kind: type[Settings], who: str) -> Settings:
    """Settings of a source. Names what is not set right and ends; the values are repeated nowhere."""
    from pydantic import ValidationError
    from pydantic_settings import SettingsError

    prefix = kind.model_config.get("env_prefix", "")
    try:
        return kind()
    except ValidationError as error:
        wrong = [_said(prefix, one) for one in error.errors(include_input=False)]
    except SettingsError as error:
        wrong = [str(error)]
    errors.print(f"{who} cannot be asked before these are set right: {', '.join(wrong)}", style="red", markup=False)
    raise typer.Exit(Exit.FAILED)


def _said(prefix: str, error: Any) -> str:
    """The variable that is wrong, or, when several do not fit together, what to set."""
    place = "_".join(str(part) for part in error["loc"])
    return f"{prefix}{place}".upper() if place else str(error["msg"]).removeprefix("Value error, ")
