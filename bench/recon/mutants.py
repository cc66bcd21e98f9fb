"""Rules that are wrong on purpose: the planted faults must notice every one of them.

A rule is changed in a copy of the dbt project, the controls are built with it on the built world, and what they raise
is scored again. A mutant that changes nothing in the score would be a hole in the fault plan.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from bench.recon.score import Score, score_of
from orchestration import dbt_process
from orchestration.paths import DBT_PROJECT

CONTROLS = (
    "recon_controls",
    "path:models/reconciliation/sides",
    "path:models/reconciliation/controls",
    "recon_results",
    "recon_sides",
    "recon_control_totals",
    "recon_explained_breaks",
    "recon_control_states",
    "recon_breaks",
)
MACROS = "macros/reconciliation"


@dataclass(frozen=True)
class Mutant:
    """A rule, and what stands in its place. `before` stands in the file, or the mutant is out of date."""

    name: str
    file: str
    before: str
    after: str


MUTANTS = (
    Mutant("amounts of rated lines may differ by 100.00", "seeds/recon_controls.csv", "S3,1,0,0,", "S3,10000,0,0,"),
    Mutant("announced quantities may differ by 100", "seeds/recon_controls.csv", "S1,0,0,1,", "S1,0,100,1,"),
    Mutant("payouts may arrive 60 days late", "seeds/recon_controls.csv", "S1,0,0,3,", "S1,0,0,60,"),
    Mutant("several rows of a key are no duplicate", f"{MACROS}/compare.sql", "then 'DUPLICATE'", "then 'MATCHED'"),
    Mutant(
        "what only the right side has is dropped",
        f"{MACROS}/compare.sql",
        "full join right_keys",
        "left join right_keys",
    ),
    Mutant(
        "rated lines meet without their period",
        f"{MACROS}/billing_sides.sql",
        "invoice_lines.charge_key, invoice_lines.invoice_line_id)",
        "invoice_lines.account_id, invoice_lines.invoice_line_id)",
    ),
    Mutant(
        "the price that was used is not looked at",
        f"{MACROS}/billing_break_classes.sql",
        "left_price_code <> right_price_code",
        "1 = 0",
    ),
    Mutant(
        "quantities are not compared",
        f"{MACROS}/compare.sql",
        "abs(left_quantity - right_quantity) > {{ parameter('quantity_tolerance') }}",
        "1 = 0",
    ),
)


@dataclass(frozen=True)
class Outcome:
    """What the score said of a mutant."""

    mutant: Mutant
    score: Score

    @property
    def is_noticed(self) -> bool:
        """Whether the score of the world is no longer perfect."""
        return not self.score.is_perfect

    def missed(self) -> list[str]:
        """What is not reached, in sentences."""
        return [] if self.is_noticed else [f"nobody notices when {self.mutant.name}"]


def by_name(name: str) -> Mutant:
    """The mutant of this name."""
    return next(one for one in MUTANTS if one.name == name)


def outcomes(place: Path, landing: Path, url: str) -> Iterator[Outcome]:
    """Build the controls of the world with each mutant; the warehouse is of no use afterwards."""
    for number, mutant in enumerate(MUTANTS):
        project = place / f"mutant-{number}"
        _changed(copied(project), mutant)
        built(project)
        yield Outcome(mutant, score_of(url, landing / "truth.jsonl"))
        shutil.rmtree(project)


def page(found: list[Outcome]) -> list[str]:
    """Lines of the page."""
    return [
        "| a rule made wrong | faults missed | named wrongly | false breaks | noticed |",
        "|---|---:|---:|---:|---|",
        *(
            f"| {one.mutant.name} | {len(one.score.missed)} | {one.score.confused.total()} | {len(one.score.noise)} | "
            f"{'yes' if one.is_noticed else '**no**'} |"
            for one in found
        ),
    ]


def copied(project: Path) -> Path:
    """A copy of the dbt project, to be made wrong."""
    shutil.rmtree(project, ignore_errors=True)
    return Path(shutil.copytree(DBT_PROJECT, project, ignore=shutil.ignore_patterns("target", "logs")))


def _changed(project: Path, mutant: Mutant) -> None:
    """Change one rule. Raises LookupError when it is not where it was."""
    path = project / mutant.file
    text = path.read_text("utf-8")
    if mutant.before not in text:
        raise LookupError(f"{mutant.file} has no {mutant.before!r} any more: correct the mutant {mutant.name!r}")
    path.write_text(text.replace(mutant.before, mutant.after), "utf-8")


def built(project: Path, select: Sequence[str] = CONTROLS) -> None:
    """Build the controls of the warehouse that the environment names with the rules of this project."""
    environment = {
        **dbt_process.environment(),
        "DBT_PROFILES_DIR": str(project),
        "DBT_TARGET_PATH": f"{os.environ.get('DBT_TARGET_PATH', project)}-mutant",
    }
    arguments = dbt_process.arguments("build", select=select, tests=False)
    command = [sys.executable, "-m", "dbt.cli.main", "--quiet", *arguments]
    outcome = subprocess.run(command, cwd=project, env=environment, capture_output=True, text=True, check=False)
    if outcome.returncode:
        raise RuntimeError(f"dbt did not build the mutant in {project}:\n{outcome.stdout[-2000:]}")
