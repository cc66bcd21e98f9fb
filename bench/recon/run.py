"""The benchmark of the controls, part by part, and its section of the page."""

from __future__ import annotations

import csv
import shutil
import sys
from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path

from bench.recon import metamorphic, mutants, speed, worlds
from bench.recon.metamorphic import Variant
from bench.recon.mutants import Outcome
from bench.recon.score import Score, open_breaks, score_of, summed
from bench.recon.speed import Cost
from bench.scratch import Database
from orchestration.paths import DBT_PROJECT

SEEDS = (7, 11, 42, 101, 303, 777, 1234, 2026, 31337, 40404)
COMPARED_ROWS = 1_000_000
LEAST_ACCURACY, LEAST_PRECISION = Decimal("0.98"), Decimal("0.99")


@dataclass
class Findings:
    """Everything that was measured; what was not asked for is empty."""

    scores: dict[str, Score] = field(default_factory=dict)
    variants: list[Variant] = field(default_factory=list)
    outcomes: list[Outcome] = field(default_factory=list)
    cost: Cost | None = None

    @property
    def whole(self) -> Score:
        """All faulty worlds as one."""
        return summed(score for score in self.scores.values() if score.planted)

    def missed(self) -> list[str]:
        """What is not reached, in sentences."""
        whole = self.whole
        found = [sentence for score in self.scores.values() for sentence in score.sentences()]
        if whole.recall < 1:
            found.append(f"recall is {whole.recall:.2%}")
        if whole.accuracy < LEAST_ACCURACY:
            found.append(f"of the found faults {whole.accuracy:.2%} have their right class and amount")
        if whole.precision < LEAST_PRECISION:
            found.append(f"precision is {whole.precision:.2%}")
        found += [sentence for variant in self.variants for sentence in variant.missed()]
        found += [sentence for outcome in self.outcomes for sentence in outcome.missed()]
        return found + (self.cost.missed() if self.cost else [])


def measured(database: Database, place: Path, smaller: int, repeats: int) -> Findings:
    """Ten worlds, a clean one, variants and mutants of the first, and what comparing costs."""
    found = Findings()
    seeds = SEEDS if smaller == 1 else SEEDS[:1]
    for number, seed in enumerate(seeds):
        profile = worlds.PROFILES[number % len(worlds.PROFILES)]
        landing = worlds.written(seed, profile, place / f"world-{seed}")
        with worlds.built(database, landing) as url:
            name = f"{seed}, {profile.name}"
            found.scores[name] = score_of(url, landing / "truth.jsonl")
            _tell(name, found.scores[name])
            if number == 0:
                breaks = open_breaks(url)
                found.outcomes = list(mutants.outcomes(url, landing / "truth.jsonl", place))
        if number == 0:
            found.variants = list(metamorphic.variants(database, landing, breaks, seed))
        shutil.rmtree(landing)
    landing = worlds.written(SEEDS[0], worlds.PROFILES[0], place / "clean", clean=True)
    with worlds.built(database, landing) as url:
        found.scores["clean"] = score_of(url, landing / "truth.jsonl")
        _tell("clean", found.scores["clean"])
    shutil.rmtree(landing)
    found.cost = speed.measured(database, COMPARED_ROWS // smaller, repeats)
    return found


def page(found: Findings) -> list[str]:
    """Lines of the page."""
    whole = found.whole
    planted = (
        f"{whole.worlds} worlds, {whole.planted.total()} planted faults of {len(whole.planted)} classes in "
        f"{len({control for control, _ in whole.planted})} controls, {whole.decoys} decoys."
    )
    lines = [
        planted,
        "A fault is found when its control raises its key, and named when class, amount and quantity are right too.",
        "",
        "| what | measured | asked |",
        "|---|---:|---:|",
        f"| planted faults found | {whole.recall:.2%} | 100 % |",
        f"| planted value found, in the worst currency | {whole.recall_of_value:.2%} | 100 % |",
        f"| found faults with the right class, amount and quantity | {whole.accuracy:.2%} | 98 % |",
        f"| open breaks that a planted fault caused | {whole.precision:.2%} | 99 % |",
        f"| value of planted faults that were matched | {1 - whole.recall_of_value:.2%} | 0 % |",
        f"| decoys raised | {len(whole.raised_decoys)} of {whole.decoys} | 0 |",
        f"| totals that do not close | {whole.open_cells} of {whole.cells} | 0 |",
        f"| breaks a fault, in all controls | {whole.fan_out:.2f} | |",
    ]
    if "clean" in found.scores:
        lines.append(f"| breaks in a world without faults | {found.scores['clean'].breaks} | 0 |")
    lines += ["", "| control | class | planted | found |", "|---|---|---:|---:|"]
    lines += [
        f"| {control} | `{name}` | {count} | {whole.found[control, name]} |"
        for (control, name), count in sorted(whole.planted.items())
    ]
    lines += ["", f"No fault is planted for: {', '.join(_unplanted(whole))}."]
    if whole.confused:
        lines += ["", "| control | planted | raised as | times |", "|---|---|---|---:|"]
        lines += [
            f"| {control} | {name} | {raised} | {times} |" for (control, name, raised), times in whole.confused.items()
        ]
    lines += ["", "| world (seed, company) | planted | found | open breaks | noise |", "|---|---:|---:|---:|---:|"]
    lines += [
        f"| {name} | {one.planted.total()} | {one.found.total()} | {one.breaks} | {len(one.noise)} |"
        for name, one in found.scores.items()
    ]
    lines += ["", *metamorphic.page(found.variants)] if found.variants else []
    lines += ["", *mutants.page(found.outcomes)] if found.outcomes else []
    lines += ["", *speed.page(found.cost)] if found.cost else []
    return lines


def _unplanted(whole: Score) -> list[str]:
    """Classes of the registry that no planted fault has, by control."""
    with (DBT_PROJECT / "seeds" / "recon_break_classes.csv").open(encoding="utf-8", newline="") as registry:
        kinds = [(row["control_id"], row["break_class"]) for row in csv.DictReader(registry)]
    return [f"{control} `{name}`" for control, name in sorted(set(kinds) - set(whole.planted))]


def _tell(name: str, score: Score) -> None:
    print(f"{name}: {score}", *score.sentences(), sep="\n  ", file=sys.stderr, flush=True)
