"""Quarantine: what was set aside, why, what it would be worth, and another try after a fix."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated
from uuid import UUID

import typer

from orchestration.commands.terminal import AsJson, DefaultGroup, Exit, print_json, screen, table, told
from orchestration.words import exponent_of, exponents, money

if TYPE_CHECKING:
    from ingestion.quarantine import QuarantinedRecord, ReasonCount, RefusedFile
    from ingestion.retry import Retried

quarantine_app = typer.Typer(
    cls=DefaultGroup, help="Records and files that were set aside: the reason, the value, and another try."
)

SystemOption = Annotated[str | None, typer.Option("--system", help="Only this system.")]
ObjectOption = Annotated[str | None, typer.Option("--object", help="Only this object.")]
ReasonOption = Annotated[str | None, typer.Option("--reason", help="Only this reason.")]


@quarantine_app.command("list")
@told
def quarantine_list(
    system: SystemOption = None,
    everything: Annotated[
        bool, typer.Option("--all", help="Also what was retried, superseded or loaded meanwhile.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Records set aside and files refused: how many, how old, what they would be worth, whose turn it is.

    The value is an estimate in the record's currency: the amount that stands in it; of a usage event its quantity at
    the customer's price, or at the meter's average. Otherwise it is unknown, as everything is before the first build.
    """
    from ingestion import quarantine
    from warehouse.connection import connect

    with connect("auditor", autocommit=True) as connection:
        counts = quarantine.reasons(connection, [system] if system else None)
        files = [one for one in quarantine.refusals(connection) if system in (None, one.system)]
    if not everything:
        counts = [one for one in counts if one.state == "open"]
        files = [one for one in files if not one.resolved]
    if as_json:
        print_json({"quarantine": [*(one.as_dict() for one in counts), *(one.as_dict() for one in files)]})
        return
    if not counts and not files:
        screen.print("Nothing is in quarantine, and no file was refused.")
        return
    _print_counts(counts)
    _print_files(files)
    screen.print("The records:  tieout quarantine show <system> <object>", style="dim")
    screen.print("After a fix:  tieout quarantine retry [LANDING]", style="dim")


@quarantine_app.command("show")
@told
def quarantine_show(
    system: Annotated[str, typer.Argument(help="For example usage.")],
    object_name: Annotated[str, typer.Argument(metavar="OBJECT", help="For example events.")],
    reason: ReasonOption = None,
    state: Annotated[str | None, typer.Option(help="Only open, superseded or retried ones.")] = None,
    limit: Annotated[int, typer.Option(min=1, help="At most so many records.")] = 20,
    as_json: AsJson = False,
) -> None:
    """The records of one object that were set aside: where they stand, why, what to do, and their text."""
    from ingestion import quarantine
    from warehouse.connection import connect

    with connect("auditor", autocommit=True) as connection:
        found = quarantine.records(
            connection, systems=[system], object_name=object_name, reason=reason, state=state, limit=limit
        )
    if as_json:
        print_json({"records": found})
        return
    for record in found:
        _print_record(record)
    if not found:
        screen.print("No such record is in quarantine.")


@quarantine_app.command("retry")
@told
def quarantine_retry(
    landing: Annotated[
        str | None, typer.Argument(help="Where the delivered files are; default: TIEOUT_LANDING.")
    ] = None,
    system: SystemOption = None,
    object_name: ObjectOption = None,
    reason: ReasonOption = None,
    load_id: Annotated[str | None, typer.Option("--load", help="Only records of this load (its id).")] = None,
    as_json: AsJson = False,
) -> None:
    """Read open records again, after the catalogue, a setting or tieout itself was corrected.

    Records that are valid now land, as a load of their own that names the first one; each at most once, however often
    and by however many this is run. The others stay, with their new reason if it is another. Ends with 3 when records
    could not be read again, because neither the delivered file nor their whole text is there.
    """
    from ingestion.retry import retry
    from warehouse.connection import ensure_started
    from warehouse.lock import writer_lock
    from warehouse.migrate import migrate
    from warehouse.settings import get_settings

    try:
        identity = UUID(load_id) if load_id else None
    except ValueError as error:
        raise typer.BadParameter(f"{load_id!r} is no id of a load") from error
    ensure_started()
    migrate()
    with writer_lock(holder="tieout quarantine retry"):
        found = retry(
            landing or get_settings().landing,
            system=system,
            object_name=object_name,
            reason=reason,
            load_id=identity,
        )
    if as_json:
        print_json({"retries": [one.as_dict() for one in found]})
    else:
        _print_retries(found)
    if any(one.status == "not_possible" or one.detail for one in found):
        raise typer.Exit(Exit.ATTENTION)


def _print_counts(counts: Sequence[ReasonCount]) -> None:
    if not counts:
        return
    shown = [
        [
            one.system,
            one.object,
            one.reason,
            one.state,
            f"{one.records:,}",
            _value(one.currency, one.estimated_minor),
            one.method,
            f"{one.oldest_days:,}",
            one.as_dict()["owner"],
        ]
        for one in counts
    ]
    columns = ["system", "object", "reason", "state", "records", "value", "estimated by", "oldest, days", "owner"]
    screen.print(table("Records set aside", columns, shown, right=["records", "value", "oldest, days"]))
    for reason in dict.fromkeys(one.reason for one in counts):
        example = next(one for one in counts if one.reason == reason)
        screen.print(f"[bold]{reason}[/]  {example.as_dict()['remedy']}", highlight=False)
        screen.print(f"  for example {example.example}", style="dim", markup=False, highlight=False)


def _print_files(files: Sequence[RefusedFile]) -> None:
    if not files:
        return
    shown = [
        [f"{one.system}/{one.object}/{one.delivered_on}/{one.file_name}", one.reason, one.as_dict()["remedy"]]
        for one in files
    ]
    screen.print(table("Files refused", ["file", "reason", "what to do"], shown))


def _print_record(record: QuarantinedRecord) -> None:
    from ingestion.remedies import remedy_of

    where = f"{record.system}/{record.object}/{record.delivered_on}/{record.file_name}:{record.line_no}"
    value = _value(record.currency, record.estimated_minor)
    screen.print(f"[bold]{where}[/]  {record.reason}, {record.state}, value {value} ({record.method})", highlight=False)
    screen.print(record.detail, markup=False)
    remedy = remedy_of(record.reason)
    screen.print(f"{remedy.owner}: {remedy.text}", markup=False, highlight=False)
    screen.print(record.raw, style="dim", markup=False, highlight=False)


def _print_retries(found: Sequence[Retried]) -> None:
    if not found:
        screen.print("Nothing is open in quarantine.")
        return
    figures = ["records", "accepted", "duplicate", "still_wrong", "unchanged"]
    titles = ["records", "landed", "duplicate", "wrong otherwise", "as before"]
    shown = [
        [
            f"{one.system}/{one.object}/{one.delivered_on}/{one.file}",
            one.status.replace("_", " "),
            *(f"{getattr(one, name):,}" for name in figures),
        ]
        for one in found
    ]
    screen.print(table("Retried", ["file", "outcome", *titles], shown, right=titles))
    for one in found:
        if one.detail:
            screen.print(one.detail, style="yellow", markup=False, highlight=False)
    if any(one.accepted for one in found):
        screen.print("Build the models:  tieout build", style="dim")


def _value(currency: str | None, minor: int | None) -> str:
    if currency is None or minor is None:
        return "unknown"
    return money(minor, currency, exponent_of(currency, exponents()))
