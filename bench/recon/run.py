"""The benchmark of the controls, part by part, and its section of the page."""

from __future__ import annotations

import csv
import shutil
import sys
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass, field
from decimal import Decimal
from functools import partial
from pathlib import Path
from typing import TypeVar

from bench.recon import health, history, lifecycle, metamorphic, mutants, speed, worlds
from bench.recon.health import Health
from bench.recon.history import Histories, History
from bench.recon.kept import Kept
from bench.recon.lifecycle import Lifecycle
from bench.recon.metamorphic import Variant
from bench.recon.mutants import Outcome
from bench.recon.plan import PLANS, Plan
from bench.recon.score import Score, score_of, summed
from bench.recon.speed import Cost
from bench.recon.unplanted import UNPLANTED
from bench.recon.worlds import PROFILES, Profile
from bench.scratch import Database
from orchestration.paths import DBT_PROJECT

SEEDS = (7, 11, 42, 101, 303, 777, 1234, 2026, 31337, 40404)
PARTS = ("scores", "variants", "mutants", "lives", "health", "cost", "history")
NAMES = {
    "scores": "planted faults",
    "variants": "variants of a world",
    "mutants": "rules made wrong",
    "lives": "ten runs",
    "health": "controls that are not alive",
    "cost": "what comparing costs",
    "history": "a day into a year",
}
COMPARED_ROWS = 1_000_000
LEAST_ACCURACY, LEAST_PRECISION = Decimal("0.98"), Decimal("0.99")

T = TypeVar("T")


@dataclass(frozen=True)
class Asked:
    """How many seeds, which parts of the benchmark, and where results are kept from an earlier run."""

    seeds: int = len(SEEDS)
    parts: tuple[str, ...] = PARTS
    kept: Kept = field(default_factory=Kept)

    def wants(self, part: str) -> bool:
        """Whether the part is asked for and can be had."""
        return part in self.parts and self.kept.has(part)


@dataclass
class Findings:
    """Everything that was measured; what was not asked for is empty."""

    scores: dict[str, Score] = field(default_factory=dict)
    variants: list[Variant] = field(default_factory=list)
    outcomes: list[Outcome] = field(default_factory=list)
    lives: list[Lifecycle] = field(default_factory=list)
    health: list[Health] = field(default_factory=list)
    cost: Cost | None = None
    history: Histories | None = None

    def has(self, part: str) -> bool:
        """Whether the part was measured."""
        return bool(
            {
                "scores": self.scores,
                "variants": self.variants,
                "mutants": self.outcomes,
                "lives": self.lives,
                "health": self.health,
                "cost": self.cost,
                "history": self.history,
            }[part]
        )

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
        found += [sentence for life in self.lives for sentence in life.missed()]
        found += [sentence for health in self.health for sentence in health.missed()]
        return found + [sentence for one in (self.cost, self.history) if one for sentence in one.missed()]


def measured(database: Database, place: Path, asked: Asked, smaller: int, repeats: int) -> Findings:
    """What is asked for: worlds of every seed and a clean one, variants, mutants, what comparing costs, and so on."""
    found = Findings()
    if "scores" in asked.parts:
        for name, score in scores(database, place, asked):
            found.scores[name] = score
            print(f"{name}: {score}", *score.sentences(), sep="\n  ", file=sys.stderr, flush=True)
    if asked.wants("variants"):
        found.variants = asked.kept.get(
            "variants",
            partial(_of_world, database, place, PLANS[0], partial(metamorphic.variants, database, SEEDS[0])),
            lambda variants: [asdict(one) for one in variants],
            lambda rows: [Variant(**row) for row in rows],
        )
    if asked.wants("mutants"):
        found.outcomes = asked.kept.get(
            "mutants",
            partial(_of_world, database, place, PLANS[0], partial(mutants.outcomes, place)),
            lambda outcomes: [[one.mutant.name, one.score.kept()] for one in outcomes],
            lambda rows: [Outcome(mutants.by_name(name), Score.of_kept(row)) for name, row in rows],
        )
    if asked.wants("lives"):
        found.lives = asked.kept.get(
            "lives",
            partial(_of_world, database, place, PLANS[1], lifecycle.lives),
            lambda lives: [asdict(one) for one in lives],
            lambda rows: [Lifecycle(**row) for row in rows],
        )
    if asked.wants("health"):
        found.health = asked.kept.get(
            "health",
            lambda: list(health.measured(database, place, SEEDS[0])),
            lambda found: [asdict(one) for one in found],
            lambda rows: [Health(**row) for row in rows],
        )
    if asked.wants("cost"):
        found.cost = asked.kept.get(
            "cost", lambda: speed.measured(database, COMPARED_ROWS // smaller, repeats), asdict, lambda row: Cost(**row)
        )
    if asked.wants("history"):
        found.history = asked.kept.get(
            "history",
            partial(history.measured, database, place, smaller),
            asdict,
            lambda row: Histories(**{name: History(**one) for name, one in row.items()}),
        )
    return found


def scores(database: Database, place: Path, asked: Asked) -> Iterator[tuple[str, Score]]:
    """Two faulty worlds a seed, and last a clean one."""
    for number, seed in enumerate(SEEDS[: asked.seeds]):
        profile = PROFILES[number % len(PROFILES)]
        for letter, which in zip("ab", PLANS, strict=True):
            if asked.kept.has(f"score-{seed}-{letter}"):
                measure = partial(_score, database, place, seed, profile, which)
                score = asked.kept.get(f"score-{seed}-{letter}", measure, Score.kept, Score.of_kept)
                yield f"{seed}, {profile.name}: {which.name}", score
    if asked.kept.has("score-clean"):
        clean = partial(_score, database, place, SEEDS[0], PROFILES[0], None)
        yield "clean", asked.kept.get("score-clean", clean, Score.kept, Score.of_kept)


def _score(database: Database, place: Path, seed: int, profile: Profile, which: Plan | None) -> Score:
    landing = worlds.written(seed, profile, place / "world", which)
    with worlds.built(database, landing) as url:
        score = score_of(url, landing / "truth.jsonl")
    shutil.rmtree(landing)
    return score


def _of_world(database: Database, place: Path, which: Plan, measure: Callable[[Path, str], Iterator[T]]) -> list[T]:
    """What is measured on a faulty world of the first seed while it is built."""
    landing = worlds.written(SEEDS[0], PROFILES[0], place / "first", which)
    with worlds.built(database, landing) as url:
        found = list(measure(landing, url))
    shutil.rmtree(landing)
    return found


def page(found: Findings, asked: Asked) -> list[str]:
    """Lines of the page."""
    lines = [f"Measured of {', '.join(sorted(asked.kept.versions))}."]
    lines += _scored(found) if found.scores else []
    lines += ["", *metamorphic.page(found.variants)] if found.variants else []
    lines += ["", *mutants.page(found.outcomes)] if found.outcomes else []
    lines += ["", *lifecycle.page(found.lives)] if found.lives else []
    lines += ["", *health.page(found.health)] if found.health else []
    lines += ["", *speed.page(found.cost)] if found.cost else []
    lines += ["", *history.page(found.history)] if found.history else []
    not_run = [NAMES[part] for part in PARTS if not found.has(part)]
    if not_run:
        lines += ["", f"Not measured in this run: {', '.join(not_run)}."]
    return lines


def _scored(found: Findings) -> list[str]:
    whole = found.whole
    seeds = {name.partition(",")[0] for name, score in found.scores.items() if score.planted}
    controls = {control for control, _ in whole.planted}
    planted = (
        f"{len(seeds)} of {len(SEEDS)} seeds, {whole.worlds} faulty worlds, {whole.planted.total()} planted faults of "
        f"{len(whole.planted)} classes in {len(controls)} controls, {whole.decoys} decoys."
    )
    lines = [
        planted,
        "A fault is found when its control raises its key, and named when class, amount and quantity are right too.",
        "",
        "| what | measured | asked |",
        "|---|---:|---:|",
        f"| planted faults found | {whole.recall:.2%} | 100 % |",
        f"| planted value found to the minor unit, in the worst currency | {whole.recall_of_value:.2%} | 100 % |",
        f"| found faults with the right class, amount and quantity | {whole.accuracy:.2%} | 98 % |",
        f"| open breaks that a planted fault caused | {whole.precision:.2%} | 99 % |",
        f"| value of false matches, of all that is matched, in the worst currency | {whole.false_value:.4%} | 0 |",
        f"| decoys raised | {len(whole.raised_decoys)} of {whole.decoys} | 0 |",
        f"| totals that do not close | {whole.open_cells} of {whole.cells} | 0 |",
        f"| fan-out: breaks a found fault, in all controls | {whole.fan_out:.2f} | |",
    ]
    if "clean" in found.scores:
        lines.append(f"| breaks in a world without faults | {found.scores['clean'].breaks} | 0 |")
    lines += ["", "| control | planted | found | classes, with how many of each were planted |", "|---|---:|---:|---|"]
    for control in sorted({control for control, _ in whole.planted}):
        kinds = sorted((name, count) for (of, name), count in whole.planted.items() if of == control)
        hits = sum(count for (of, _), count in whole.found.items() if of == control)
        names = ", ".join(f"`{name}` {count}" for name, count in kinds)
        lines.append(f"| {control} | {sum(count for _, count in kinds)} | {hits} | {names} |")
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
    lines += ["", "No fault is planted for these classes:", ""]
    return lines + [f"* {reason}: {', '.join(names)}." for reason, names in _unplanted(whole).items()]


def _unplanted(whole: Score) -> dict[str, list[str]]:
    """Classes of the registry that no planted fault has, by the reason."""
    with (DBT_PROJECT / "seeds" / "recon_break_classes.csv").open(encoding="utf-8", newline="") as registry:
        kinds = {(row["control_id"], row["break_class"]) for row in csv.DictReader(registry)}
    by_reason: dict[str, list[str]] = {}
    for control, name in sorted(kinds - set(whole.planted)):
        reason = UNPLANTED.get((control, name), "none of these worlds had a record to plant it in")
        by_reason.setdefault(reason, []).append(f"{control} `{name}`")
    return by_reason
