"""The sample company, landed and built the way a user would: what was planted is found, and nothing else is raised.

The models' own tests run on the built sample (tests/built_sample.py); here the controls are asked, in several worlds.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path

import psycopg
import pytest

from bench.recon import plan as raw_faults
from bench.recon.score import Break, closure, labels, open_breaks, score
from ingestion import sample_company
from ingestion.landing import load_landing
from orchestration.build import build
from tests.conftest import TEMPLATE, ScratchCluster

MONTHS = 3
# The ledger's controls look at what was posted and at closed months, of which these worlds have none; P2 at controls.
MAY_HAVE_NO_ROWS = {"G1", "G2", "G3", "P1", "P2"}


@dataclass(frozen=True)
class Plan:
    """One world to build. With `pause` the controls are also asked on that day, with what was delivered until then."""

    kind: str
    seed: int
    pause: date | None = None

    def __str__(self) -> str:
        return f"{self.kind}-{self.seed}"


# Clean first, paused on a Sunday; of the faulty worlds every seed draws its own customers, dates and victims. The raw
# ones have faults in their files that the generator does not know of, beside its own or alone: one seed of
# `make bench-recon`.
PLANS = [
    Plan("clean", 11, date(2026, 11, 1)),
    Plan("faulty", 7, date(2026, 11, 4)),
    Plan("raw", 7),
    Plan("raw alone", 7),
]
# Which faults of the generator a world has, and which are planted into its files.
FAULTS = {"clean": ("none", ()), "faulty": ("all", ())} | {
    kind: (which.faults, which.plants) for kind, which in zip(("raw", "raw alone"), raw_faults.PLANS, strict=True)
}


@dataclass(frozen=True)
class World:
    """A built world: its plan, the warehouse's URL, what was planted, and what was raised at the pause."""

    plan: Plan
    url: str
    truth: Path
    raised_at_pause: list[Break]

    @property
    def is_clean(self) -> bool:
        """Nothing was planted."""
        return self.plan.kind == "clean"


@pytest.fixture(scope="module", params=PLANS, ids=str)
def world(
    request: pytest.FixtureRequest, cluster: ScratchCluster, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[World]:
    """One world after the other, each in a warehouse of its own."""
    plan: Plan = request.param
    landing = tmp_path_factory.mktemp(str(plan).replace(" ", "-"))
    faults, plants = FAULTS[plan.kind]
    sample_company.write(plan.seed, 1, MONTHS, landing, faults=faults)
    if plants:
        raw_faults.plant(landing, plan.seed, plants)
    with cluster.database(TEMPLATE) as url, pytest.MonkeyPatch.context() as environment:
        environment.setenv("TIEOUT_WAREHOUSE_URL", url)
        raised = []
        if plan.pause:
            load_landing(landing, end=plan.pause + timedelta(days=1))
            build(tests=False, holder="tests")
            raised = open_breaks(url)
        load_landing(landing)
        build(tests=False, holder="tests")
        yield World(plan, url, landing / "truth.jsonl", raised)


def rows(world: World, query: str) -> list[tuple[object, ...]]:
    """Rows of a query on the world's warehouse."""
    with psycopg.connect(world.url) as connection:
        return connection.execute(query).fetchall()


def test_every_planted_fault_is_found_with_its_class_and_nothing_else_is_raised(world: World, record_property):
    faults, decoys = labels(world.truth, "fault"), labels(world.truth, "decoy")
    result = score(faults, decoys, open_breaks(world.url), closure(world.url))
    figures = f"{world.plan}: {result}"
    print(f"\n{figures}")  # noqa: T201 the figures are what this test is read for
    record_property(str(world.plan), figures)
    assert result.sentences() == []
    assert (result.planted.total() == 0) == world.is_clean


def test_on_any_day_what_is_visible_is_raised_and_nothing_too_early(world: World):
    pause = world.plan.pause
    if pause is None:
        pytest.skip("the world is built at once")
    visible = [one for one in labels(world.truth, "fault") if one.visible_from <= pause.isoformat()]
    assert score(visible, [], world.raised_at_pause, (0, 0)).sentences() == []


def test_every_difference_is_explained_to_the_last_unit(world: World):
    residues = "select * from reconciliation.recon_control_totals where residue_minor <> 0"
    assert not rows(world, residues)


def test_the_breaks_of_a_control_add_up_to_its_totals(world: World):
    cells, differing = closure(world.url)
    assert (differing, cells > 0) == (0, True)


def test_every_control_compared_something(world: World):
    compared = "select control_id, sum(matched_count) from reconciliation.recon_control_totals group by control_id"
    registered = {control for (control,) in rows(world, "select control_id from reconciliation.recon_controls")}
    assert registered - {control for control, matched in rows(world, compared) if matched} <= MAY_HAVE_NO_ROWS


def test_a_clean_month_ties_out_whole_and_may_be_closed(world: World):
    if not world.is_clean:
        pytest.skip("the world has faults")
    untied = "select * from reconciliation.recon_tie_out where tied_minor <> billed_minor"
    assert not rows(world, untied)
    assert not rows(world, "select * from reconciliation.recon_close_gate where period_month = '2026-10-01'")


def test_a_faulty_month_does_not_tie_out_and_says_why(world: World):
    if world.is_clean:
        pytest.skip("the world has no faults")
    shares = "select tied_share from reconciliation.recon_tie_out where period_month = '2026-10-01'"
    assert any(share < 1 for (share,) in rows(world, shares))
    reasons = "select distinct gate from reconciliation.recon_close_gate where period_month = '2026-10-01'"
    assert ("open breaks",) in rows(world, reasons)


def test_evidence_leads_to_the_file_and_line(world: World):
    without = """
        select control_id, tracking_key, left_ids, right_ids
        from reconciliation.recon_breaks
        where
            control_id in ('B1', 'B2', 'C3', 'C4') and right_ids is not null
            and right_ids !~ '/[0-9]{4}-[0-9]{2}-[0-9]{2}/.+:[0-9]+'
    """
    assert not rows(world, without)
