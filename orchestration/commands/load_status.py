"""What ``tieout load status`` shows."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import asdict
from datetime import date
from typing import TYPE_CHECKING, Any

import typer

from orchestration.commands.terminal import Exit, print_json, screen, table

if TYPE_CHECKING:
    from ingestion.identity import LoadIdentity
    from ingestion.quarantine import RefusedFile

FIGURES = ("files", "retries", "rows_in", "accepted", "duplicate", "quarantined", "late_excluded", "open", "withheld")
TITLES = ("files", "retries", "rows in", "accepted", "duplicate", "quarantined", "late", "still open", "withheld")


def show(*, counted: bool, as_json: bool) -> None:
    """Print it; raises typer.Exit with 3 when an identity does not hold."""
    from ingestion import quarantine
    from ingestion.identity import identities, new_fields
    from warehouse.connection import connect

    with connect("auditor", autocommit=True) as connection:
        loads = identities(connection, count_rows=counted)
        new = new_fields(connection)
        waiting = [one for one in quarantine.refusals(connection) if not one.resolved]
    broken = [load for load in loads if not load.holds]
    objects = by_object(loads)
    if as_json:
        print_json(
            {
                "objects": objects,
                "refused": [one.as_dict() for one in waiting],
                "broken": [{"load_id": load.load_id, "detail": load.sentence} for load in broken],
                "new_fields": [asdict(one) for one in new],
                "rows_counted": counted,
            }
        )
    else:
        _print(objects, waiting, broken, counted=counted)
        for one in new:
            say_new_fields(one.system, one.object, one.delivered_on, one.file_name, one.fields)
    if broken:
        raise typer.Exit(Exit.ATTENTION)


def say_new_fields(system: str, name: str, delivered_on: date | None, file: str, fields: Sequence[str]) -> None:
    """Warn of fields that no file of the object had before this one."""
    screen.print(f"[yellow]new[/] {system}/{name}/{delivered_on}/{file}: {', '.join(fields)}", highlight=False)
    screen.print("  kept as delivered; models read what they know", style="dim")


def by_object(loads: Iterable[LoadIdentity]) -> list[dict[str, Any]]:
    """The loads of each object together, by system and object."""
    found: dict[tuple[str, str], dict[str, Any]] = {}
    for load in loads:
        key = (load.system, load.object)
        row = found.setdefault(
            key,
            {
                "system": load.system,
                "object": load.object,
                "last_delivered_on": load.delivered_on,
                **dict.fromkeys(FIGURES, 0),
                "identity": "holds",
            },
        )
        row["last_delivered_on"] = max(row["last_delivered_on"], load.delivered_on)
        row["files" if load.retry_of is None else "retries"] += 1
        for name in ("rows_in", "accepted", "duplicate", "quarantined", "late_excluded", "withheld"):
            row[name] += getattr(load, name)
        row["open"] += load.still_open
        if not load.holds:
            row["identity"] = "broken"
    return [found[key] for key in sorted(found)]


def _print(
    objects: Sequence[dict[str, Any]],
    waiting: Sequence[RefusedFile],
    broken: Sequence[LoadIdentity],
    *,
    counted: bool,
) -> None:
    shown = [
        [
            row["system"],
            row["object"],
            str(row["last_delivered_on"]),
            *(f"{row[name]:,}" for name in FIGURES),
            row["identity"],
        ]
        for row in objects
    ]
    columns = ["system", "object", "last delivery", *TITLES, "identity"]
    screen.print(table("Loaded", columns, shown, right=TITLES))
    said = "counted in the tables" if counted else "as the loads say, rows not counted"
    screen.print(f"Identity: rows in = accepted + duplicate + quarantined + late, for every load, {said}.", style="dim")
    for load in broken:
        screen.print(f"[red]does not hold[/] {load.sentence}", highlight=False)
    for one in waiting:
        place = f"{one.system}/{one.object}/{one.delivered_on}/{one.file_name}"
        screen.print(f"[yellow]refused[/] {place}: {one.reason}", highlight=False)
        screen.print(f"  {one.detail}", style="dim", markup=False, highlight=False)
    if any(row["open"] for row in objects):
        screen.print("Records set aside:  tieout quarantine list", style="dim")
