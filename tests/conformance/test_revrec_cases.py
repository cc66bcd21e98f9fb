"""Every worked case of revenue, ours and the published ones, comes out of the warehouse's SQL to the minor unit."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from orchestration import conformance

FOLDER = Path(__file__).parent / "revrec"
FILES = [FOLDER / "published_cases.jsonl", *sorted(FOLDER.glob("own_cases_*.jsonl"))]
PUBLISHED = 65


def cases_of(file: Path) -> list[dict[str, Any]]:
    """The cases of one file."""
    return [json.loads(line) for line in file.read_text("utf-8").splitlines() if line.strip()]


CASES = [case for file in FILES for case in cases_of(file)]


@pytest.fixture(scope="module")
def results(module_warehouse: str, tmp_path_factory: pytest.TempPathFactory) -> dict[str, conformance.CaseResult]:
    """Results of all cases, by id, from one run."""
    assert module_warehouse
    file = tmp_path_factory.mktemp("conformance") / "cases.jsonl"
    file.write_text("".join(json.dumps(case) + "\n" for case in CASES), "utf-8")
    return {result.id: result for result in conformance.run(file, conformance.REVREC)}


def test_no_published_case_is_missing() -> None:
    """A file that was cut would pass in silence."""
    assert len(cases_of(FILES[0])) == PUBLISHED


@pytest.mark.parametrize("case", CASES, ids=lambda case: case["id"])
def test_a_case_comes_out_as_expected(results: dict[str, conformance.CaseResult], case: dict[str, Any]) -> None:
    """Every output that the case names equals what the SQL gives, whole and exactly."""
    result = results[case["id"]]
    assert (result.status, result.reason, result.differences) == ("passed", None, [])
