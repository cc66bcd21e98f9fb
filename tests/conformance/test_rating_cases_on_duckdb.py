"""Worked cases of rating on DuckDB: as in Postgres, or skipped for a number of too many digits."""

from __future__ import annotations

import json

import pytest

from orchestration import conformance
from orchestration.engines.duckdb_cases import DIGITS
from tests.conformance.test_rating_cases import CASES

# All that need more digits than DuckDB has. What was cut off a file, or left out, would pass in silence.
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


@pytest.fixture(scope="module")
def results(module_warehouse: str, tmp_path_factory: pytest.TempPathFactory) -> Results:
    """Results by id, from one run of all cases that Postgres computes too and of some of our own."""
    assert module_warehouse
    file = tmp_path_factory.mktemp("conformance") / "cases.jsonl"
    file.write_text("".join(json.dumps(case) + "\n" for case in [*CASES, *OF_OURS]), "utf-8")
    return {result.id: result for result in conformance.run(file, engine="duckdb")}


def test_every_case_comes_out_as_in_postgres_but_those_with_too_many_digits(results: Results) -> None:
    """Every case is expected to pass on Postgres: what passes here is equal there."""
    ended = [results[case["id"]] for case in CASES]
    assert [result for result in ended if result.status == "failed"] == []
    assert {result.id for result in ended if result.status == "skipped"} == SKIPPED
    assert all(_says_digits(result) for result in ended if result.status == "skipped")


def test_a_case_that_stops_its_statement_leaves_the_other_cases_of_its_operation_alone(results: Results) -> None:
    """The right one passes, the wrong one fails with both sides, and the long one is skipped with DuckDB's words."""
    ended = {name: results[f"of-ours-{name}"] for name in ("right", "wrong", "long")}
    assert {name: result.status for name, result in ended.items()} == {
        "right": "passed",
        "wrong": "failed",
        "long": "skipped",
    }
    assert ended["wrong"].differences == [{"output": "value", "expected": "3", "got": "2"}]
    assert _says_digits(ended["long"])


def test_an_error_that_says_nothing_of_digits_is_a_failure_of_its_case(results: Results) -> None:
    """A skip would hide it."""
    broken = results["of-ours-no-number"]
    assert broken.status == "failed"
    assert "Could not convert string 'three'" in (broken.reason or "")


def test_a_text_of_more_decimals_than_there_are_is_refused_and_never_rounded(results: Results) -> None:
    """A cast to DuckDB's decimal would make it 0, which the case falsely expects."""
    assert results["of-ours-fine"].status == "skipped"
    assert "a number of more than 19 decimals" in (results["of-ours-fine"].reason or "")
    assert results["of-ours-scientific"].status == "passed"


def test_a_quotient_has_as_many_digits_before_the_point_as_any_number(results: Results) -> None:
    """Its decimals are added part by part: with the finest part's type a sum would end at ten million."""
    large = results["of-ours-ten-million"]
    assert (large.status, large.reason) == ("passed", None)


@pytest.mark.parametrize(
    ("message", "is_of_digits"),
    [
        ("Invalid Input Error: a product of more than 19 decimals", True),
        ("Invalid Input Error: a quotient of more than 18 digits", True),
        ("Invalid Input Error: a division by zero", False),
        ("Out of Range Error: Overflow in multiplication of INT128 (10 * 10)!", True),
        ("Out of Range Error: Overflow in SUM of DECIMAL: the result does not fit in DECIMAL(38)", True),
        ("Out of Range Error: Overflow in multiplication of INT64 (10 * 10)!", False),
        ("Conversion Error: Could not convert string '99999999999999999999.5' to DECIMAL(38,19)", True),
        ("Conversion Error: Could not convert string 'three' to DECIMAL(38,19)", False),
        ("Conversion Error: Could not convert string '2026-13-01' to INT128", False),
        ("Binder Error: a product of more than 19 decimals", False),
    ],
)
def test_only_known_errors_count_as_too_many_digits(message: str, is_of_digits: bool) -> None:
    """Whatever else stops a case is a failure."""
    assert DIGITS.are_too_many(message) is is_of_digits


def _says_digits(result: conformance.CaseResult) -> bool:
    told, _, reason = (result.reason or "").partition(": ")
    return told == "needs more digits than DuckDB has" and DIGITS.are_too_many(reason)
