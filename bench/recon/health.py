"""Whether controls that are not alive are found (P2): stopped feeds, empty populations, broken rules.

A feed is withheld, or all its records are deleted, in the files; a rule is broken in a copy of the dbt project.
"""

from __future__ import annotations

import csv
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from bench.recon import mutants, worlds
from bench.recon.extracts import Extracts
from bench.recon.score import open_breaks
from bench.scratch import Database
from orchestration.paths import DBT_PROJECT

STOPPED, STOPPED_AFTER = ("bank", "usage", "fx"), "2026-10-30"
# Records that say themselves that they are deleted: without them this control compares nothing.
EMPTY, EMPTIED = "O3", (("crm", "QuoteLineItem"), ("crm", "Quote"))
# What says whether controls are alive, and what carries its breaks.
HEALTH = (
    "recon_p2__scheduled",
    "recon_p2__observed",
    "recon_p2__control_health",
    "recon_results",
    "recon_explained_breaks",
    "recon_breaks",
)
CONTROLS_FILE = "macros/reconciliation/comparisons.sql"
SELF_COMPARED = (
    ("B4", "'right': 'recon_b4__erp_invoices'", "'right': 'recon_b4__invoices'"),
    ("C8", "'right': 'recon_c8__credits'", "'right': 'recon_c8__debits'"),
    ("O3", "'right': 'recon_o3__order_lines'", "'right': 'recon_o3__quote_lines'"),
)
# Comparisons that come to no end: what they have found is not there, their canary neither.
LEFT_OUT = (
    ("C5", "recon_c5__categories_to_summaries"),
    ("C6", "recon_c6__statements_to_entries"),
    ("G1", "recon_g1__receivables_to_gl"),
)
CONTROL_MODELS = "models/reconciliation/controls"
WHOLE, NOTHING = "select * from final", "select * from final where 1 = 0"


@dataclass(frozen=True)
class Health:
    """Of controls that were not alive in one way, how many were found, and how many that were alive were not."""

    name: str
    planted: int
    found: int
    wrongly: int

    def missed(self) -> list[str]:
        """What is not reached, in sentences."""
        if self.planted == self.found and not self.wrongly:
            return []
        return [f"{self.name}: {self.found} of {self.planted} found, {self.wrongly} wrongly"]


def measured(database: Database, place: Path, seed: int) -> Iterator[Health]:
    """Feeds that stop, a population that is empty, then controls that compare a side with itself, or not at all."""
    landing = worlds.written(seed, worlds.PROFILES[0], place / "health")
    for system in STOPPED:
        for delivery in (landing / system).glob("*/*"):
            if delivery.name > STOPPED_AFTER:
                shutil.rmtree(delivery)
    extracts = Extracts(landing)
    for system, name in EMPTIED:
        extracts.change(system, name, lambda _: True, {"IsDeleted": "true"})
    extracts.save()
    needing = {control for control, system in _inputs() if system in STOPPED and control != "P2"}
    selves = {control for control, _, _ in SELF_COMPARED}
    with worlds.built(database, landing) as url:
        stopped = ", ".join(STOPPED)
        yield _judged(url, f"{stopped} stopped: what reads them", "RAN_ON_STALE_INPUT", needing)
        yield _judged(url, "all quotes deleted", "ZERO_POPULATION", {EMPTY})
        project = mutants.copied(place / "self-compared")
        path = project / CONTROLS_FILE
        text = path.read_text("utf-8")
        for control, before, after in SELF_COMPARED:
            if before not in text:
                raise LookupError(f"{CONTROLS_FILE} has no {before!r} any more: correct how {control} is broken")
            text = text.replace(before, after)
        path.write_text(text, "utf-8")
        mutants.built(project, HEALTH)
        yield _judged(url, "a side compared with itself", "SELF_COMPARISON", selves)
        for _, model in LEFT_OUT:
            path = project / CONTROL_MODELS / f"{model}.sql"
            path.write_text(path.read_text("utf-8").replace(WHOLE, NOTHING), "utf-8")
        mutants.built(project, (*(model for _, model in LEFT_OUT), *HEALTH))
        yield _judged(url, "a comparison that did not run", "NOT_RUN", {control for control, _ in LEFT_OUT})
        shutil.rmtree(project)
    shutil.rmtree(landing)


def page(found: list[Health]) -> list[str]:
    """Lines of the page."""
    return [
        "| controls that are not alive | planted | found | wrongly |",
        "|---|---:|---:|---:|",
        *(f"| {one.name} | {one.planted} | {one.found} | {one.wrongly} |" for one in found),
    ]


def _judged(url: str, name: str, break_class: str, wanted: set[str]) -> Health:
    raised = {one.tracking_key for one in open_breaks(url) if (one.control_id, one.break_class) == ("P2", break_class)}
    return Health(name, len(wanted), len(raised & wanted), len(raised - wanted))


def _inputs() -> list[tuple[str, str]]:
    """What every control reads, as the registry says."""
    with (DBT_PROJECT / "seeds" / "recon_control_inputs.csv").open(encoding="utf-8", newline="") as registry:
        return [(row["control_id"], row["system"]) for row in csv.DictReader(registry)]
