"""What the tests of worked cases on DuckDB and on Spark share: cases of our own, one run of all, and skipped ones."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Literal

from orchestration import conformance
from orchestration.engines.cases import Digits
from tests.conformance.test_rating_cases import CASES

# What needs more digits than decimal(38, 19) has. What was cut off a file, or left out, would pass in silence.
SKIPPED = {
    "own-aggregate-053",
    "own-allocate-008",
    "own-invoice_totals-015",
    "own-invoice_totals-019",
    "own-invoice_totals-020",
    "own-invoice_totals-021",
    "own-invoice_totals-022",
    "own-invoice_totals-023",
    "own-invoice_totals-026",
    "own-invoice_totals-027",
    "own-line-sum-006",
    "own-line-sum-007",
    "own-rate-large-denominators",
    "own-round_value-043",
    "own-round_value-044",
    "own-round_value-045",
    "own-round_value-046",
    "own-round_value-047",
    "own-round_value-048",
    "own-round_value-049",
}
MANY_DIGITS = "9" * 39
TWENTY_DECIMALS = "0.00000000000000000001"


def sum_of(value: str) -> dict[str, object]:
    """Inputs of the sum of one event."""
    return {"kind": "sum", "events": [{"at": "2026-03-02T00:00:00Z", "value": value}]}


ROUNDED = {"op": "round_value", "expected": {"value": "3"}}
OF_OURS = [
    {"id": "of-ours-right", **ROUNDED, "inputs": {"value": "2.5", "mode": "half_up", "digits": 0}},
    {"id": "of-ours-wrong", **ROUNDED, "inputs": {"value": "2.4", "mode": "half_up", "digits": 0}},
    {"id": "of-ours-long", **ROUNDED, "inputs": {"value": MANY_DIGITS, "mode": "half_up", "digits": 0}},
    {"id": "of-ours-no-number", **ROUNDED, "inputs": {"value": "three", "mode": "half_up", "digits": 0}},
    {"id": "of-ours-fine", "op": "aggregate", "inputs": sum_of(TWENTY_DECIMALS), "expected": {"value": "0"}},
    {"id": "of-ours-scientific", "op": "aggregate", "inputs": sum_of("-25e-1"), "expected": {"value": "-2.5"}},
    {
        "id": "of-ours-ten-million",
        "op": "allocate",
        "inputs": {"total": "20000001.5", "weights": ["1", "1"], "digits": 1},
        "expected": {"parts": ["10000000.8", "10000000.7"]},
    },
]

Results = dict[str, conformance.CaseResult]


def results_on(engine: Literal["duckdb", "spark"], folder: Path) -> Results:
    """Results by id, from one run of all cases that Postgres computes too and of some of our own."""
    file = folder / "cases.jsonl"
    file.write_text("".join(json.dumps(case) + "\n" for case in [*CASES, *OF_OURS]), "utf-8")
    return {result.id: result for result in conformance.run(file, engine=engine)}


def assert_nothing_is_missing_but_digits(results: Results, shown: str, digits: Digits) -> None:
    """Every case passes, as on Postgres, but the known ones that the engine ``shown`` skips for their digits."""
    ended = [results[case["id"]] for case in CASES]
    assert [result for result in ended if result.status == "failed"] == []
    skipped = [result for result in ended if result.status == "skipped"]
    assert {result.id for result in skipped} == SKIPPED
    assert all(says_digits(result, shown, digits) for result in skipped)


def says_digits(result: conformance.CaseResult, shown: str, digits: Digits) -> bool:
    """Whether a result gives too many digits for the engine ``shown`` as its reason."""
    told, _, reason = (result.reason or "").partition(": ")
    return told == f"needs more digits than {shown} has" and digits.are_too_many(reason)
