"""Worked cases of rating on DuckDB: as in Postgres, or skipped with a reason; nothing passes unsaid."""

from __future__ import annotations

import json
from collections import Counter

import pytest

from orchestration import conformance
from tests.conformance.test_rating_cases import CASES

# A file that was cut, or an operation that was left out, would pass in silence.
COMPUTED = 479


@pytest.fixture(scope="module")
def results(module_warehouse: str, tmp_path_factory: pytest.TempPathFactory) -> list[conformance.CaseResult]:
    """Results of all cases that Postgres computes too, from one run."""
    assert module_warehouse
    file = tmp_path_factory.mktemp("conformance") / "cases.jsonl"
    file.write_text("".join(json.dumps(case) + "\n" for case in CASES), "utf-8")
    return conformance.run(file, engine="duckdb")


def test_every_case_comes_out_as_in_postgres_or_is_said_to_run_there_alone(
    results: list[conformance.CaseResult],
) -> None:
    """Every case is expected to pass on Postgres: what passes here is equal there."""
    assert [result for result in results if result.status == "failed"] == []
    assert len(results) == len(CASES)
    skipped = {result.op for result in results if result.status == "skipped"}
    assert skipped == set(conformance.POSTGRES_ALONE)
    assert all("runs on Postgres alone: " in (result.reason or "") for result in results if result.status == "skipped")
    assert Counter(result.status for result in results)["passed"] == COMPUTED
