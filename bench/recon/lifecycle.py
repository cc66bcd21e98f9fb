"""Breaks through ten runs: who stays the same, who clears, comes back or changes, and what explanations are worth then.

Between the runs new versions of three records each heal a break, break it again, or change its values.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import psycopg
from psycopg.rows import dict_row

from bench.recon import worlds
from bench.recon.extracts import Extracts, Row
from bench.recon.mutants import CONTROLS
from bench.recon.score import Label, labels
from ingestion.landing import load_landing
from orchestration.breaks.telling import Said, tell
from orchestration.breaks.verification import verify
from orchestration.build import build
from warehouse.connection import connect

RUNS = 10
EACH = 3
ON_RECORD = "select * from recon.breaks"
EVENTS = "select event, break_id from recon.break_events where break_id is not null"
EXPLAINED_UNTIL = date(2026, 12, 31)
FIRST, SECOND = "2026-11-10", "2026-11-11"


@dataclass(frozen=True)
class Lifecycle:
    """What became of breaks: of how many it was right, of how many it should have been."""

    name: str
    right: int
    asked: int

    def missed(self) -> list[str]:
        """What is not reached, in sentences."""
        return [] if self.right == self.asked else [f"{self.name}: {self.right} of {self.asked}"]


def lives(landing: Path, url: str) -> Iterator[Lifecycle]:
    """Run the controls of the built world nine times more, deliver new versions between them, and say what they did."""
    faults = labels(landing / "truth.jsonl", "fault")
    healed = _of(faults, "G1", "BACKDATED")
    changed = _of(faults, "B4", "EDITED_AFTER_SYNC")
    kept = _of(faults, "F1", "RATE_STALE")
    extracts = Extracts(landing)
    by_number = extracts.last("erp", "transaction")
    by_document = extracts.last("erp", "transaction", "externalid")
    first = _by_place(url)
    for label in [*changed, *kept]:
        _explain(first[label.control, label.key])
    cured = [_healed(by_number[one.key]) for one in healed]
    _deliver(landing, FIRST, cured + [_changed(by_document[one.key]) for one in changed])
    second = _run(landing, url)
    _deliver(landing, SECOND, [by_number[one.key] for one in healed])
    third = _run(landing, url)
    for _ in range(RUNS - 3):
        build(select=CONTROLS, tests=False, holder="bench")
    last = _by_place(url)
    ours = {(one.control, one.key) for one in [*healed, *changed]}
    others = [place for place in first if place not in ours]
    same = [place for place in others if place in last and last[place]["break_id"] == first[place]["break_id"]]
    yield Lifecycle("breaks that keep id, version and first day", _alike(first, last, same), len(others))
    cleared = [second["G1", one.key] for one in healed]
    yield Lifecycle("breaks cleared by the run that brought the cure", _count(cleared, status="resolved_auto"), EACH)
    returned = [third["G1", one.key] for one in healed]
    again = [row for row in returned if row["first_seen"] == first["G1", row["tracking_key"]]["first_seen"]]
    yield Lifecycle("breaks reopened once, with their first day", _count(again, reopened_count=1), EACH)
    altered = [last["B4", one.key] for one in changed]
    yield Lifecycle("explanations void because the values changed", _count(altered, version=2, status="open"), EACH)
    left = [last["F1", one.key] for one in kept]
    yield Lifecycle("explanations that hold because nothing changed", _count(left, version=1, status="explained"), EACH)
    with psycopg.connect(url) as connection:
        events = connection.execute(EVENTS).fetchall()
    wanted = {row["break_id"] for row in returned}
    false = [break_id for event, break_id in events if event == "returned" and break_id not in wanted]
    yield Lifecycle("breaks that nothing reopened", len(others) - len(false), len(others))
    yield Lifecycle("links of the record that hold", len(events) - len(verify().broken), len(events))


def page(found: list[Lifecycle]) -> list[str]:
    """Lines of the page."""
    return [
        f"| over {RUNS} runs | right | of |",
        "|---|---:|---:|",
        *(f"| {one.name} | {one.right} | {one.asked} |" for one in found),
    ]


def _of(faults: list[Label], control: str, name: str) -> list[Label]:
    return [one for one in faults if (one.control, one.break_class) == (control, name)][:EACH]


def _by_place(url: str) -> dict[tuple[str, str], dict[str, Any]]:
    """Every break on record by control and key; of several of a key the open one."""
    with psycopg.connect(url) as connection, connection.cursor(row_factory=dict_row) as cursor:
        rows = cursor.execute(ON_RECORD).fetchall()
    rows.sort(key=lambda row: (row["resolution"] is None, row["break_id"]))
    return {(row["control_id"], row["tracking_key"]): row for row in rows}


def _run(landing: Path, url: str) -> dict[tuple[str, str], dict[str, Any]]:
    load_landing(landing)
    build(select=worlds.RECONCILIATION, tests=False, holder="bench")
    return _by_place(url)


def _explain(row: dict[str, Any]) -> None:
    said = Said(
        row["break_id"],
        "explained",
        "anna",
        row["signature"],
        row["severity"],
        reason="known to the accountants",
        cause="HUMAN.override",
        evidence="ticket 1",
        expires_on=EXPLAINED_UNTIL,
    )
    with connect("closer") as closer:
        tell(closer, said)


def _healed(row: Row) -> Row:
    """The record as if it had been made on its day."""
    return row | {"createddate": f"{row['trandate']} 06:00:00"}


def _changed(row: Row) -> Row:
    """The record over ten units more than before."""
    return row | {"foreigntotal": f"{Decimal(row['foreigntotal']) + 10:f}"}


def _deliver(landing: Path, day: str, rows: list[Row]) -> None:
    """A delivery of the ERP that holds these versions of its records."""
    extracts = Extracts(landing)
    extracts.later("erp", "transaction", day).rows.extend(rows)
    extracts.save()


def _alike(
    first: dict[tuple[str, str], dict[str, Any]],
    last: dict[tuple[str, str], dict[str, Any]],
    places: list[tuple[str, str]],
) -> int:
    same = ("version", "first_seen", "reopened_count")
    return sum(all(first[place][name] == last[place][name] for name in same) for place in places)


def _count(rows: list[dict[str, Any]], **values: object) -> int:
    return sum(all(row[name] == value for name, value in values.items()) for row in rows)
