"""The usage chain gives the same rows on Postgres and on DuckDB, and the gate notices when it does not."""

from __future__ import annotations

import shutil

import pytest

from orchestration import dbt_process
from orchestration.engines import chain, duckdb, gate
from orchestration.engines.chain import Relation
from orchestration.paths import DBT_PROJECT

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(1200)]

RATED = Relation("intermediate", "int_rating__rated_lines")
MARTS = {
    "fct_usage_daily",
    "fct_rated_charges",
    "fct_rated_charge_tiers",
    "fct_expected_invoice_lines",
    "fct_revenue_schedules",
}


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return tmp_path_factory.mktemp("engines")


@pytest.fixture(scope="module")
def on_duckdb(built_sample, folder):
    """The chain built on DuckDB from what the built sample holds: the engine, and what was built."""
    with pytest.MonkeyPatch.context() as environment, duckdb.opened(folder / "duckdb") as engine:
        environment.setenv("TIEOUT_WAREHOUSE_URL", built_sample.url)
        yield engine, gate.built(engine, folder)


def test_every_relation_of_the_chain_is_equal_on_postgres_and_duckdb(on_duckdb, built_sample, monkeypatch):
    engine, built = on_duckdb
    monkeypatch.setenv("TIEOUT_WAREHOUSE_URL", built_sample.url)

    outcome = gate.compared(engine, built.models)

    assert outcome.equal, "\n".join(outcome.lines())
    assert {found.relation.name for found in outcome.comparisons if found.row_count} > MARTS
    assert {relation.name for relation in built.inputs} & {relation.name for relation in built.models} == set()


def test_a_rule_that_is_broken_on_one_engine_turns_the_gate_red(on_duckdb, built_sample, folder, monkeypatch, tmp_path):
    engine, _ = on_duckdb
    project = shutil.copytree(DBT_PROJECT, tmp_path / "dbt_project", ignore=shutil.ignore_patterns("target", "logs"))
    rounding = project / "macros" / "engine" / "rounding.sql"
    right = "when 'half_up' then given.whole + case when 2 * given.rest >= given.under"
    assert right in rounding.read_text("utf-8")
    rounding.write_text(rounding.read_text("utf-8").replace(right, right.replace(">=", "<")), "utf-8")
    monkeypatch.setattr(dbt_process, "DBT_PROJECT", project)
    monkeypatch.setenv("TIEOUT_WAREHOUSE_URL", built_sample.url)

    chain.run(engine.name, folder / "dbt" / engine.name, engine.variables, ("--select", RATED.name))
    outcome = gate.compared(engine, [RATED])

    assert not outcome.equal
    [told] = [line for line in outcome.lines() if "DIFFERS" in line]
    assert str(RATED) in told
    assert any("rated_minor=" in line for line in outcome.lines())
