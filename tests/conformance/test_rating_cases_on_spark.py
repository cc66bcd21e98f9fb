"""Worked cases of rating on Spark: as in Postgres, or skipped for a number of too many digits.

Needs PySpark and Java (make test-spark); without them these tests are skipped and say so.
"""

from __future__ import annotations

import json

import pytest

from orchestration import conformance
from orchestration.engines import spark
from orchestration.engines.spark import SparkMissing
from orchestration.engines.spark_cases import DIGITS, MANY_COUPONS, SparkCases
from tests.conformance.test_rating_cases import CASES
from tests.conformance.test_rating_cases_on_duckdb import OF_OURS

# All that need more digits than Spark has. What was cut off a file, or left out, would pass in silence.
SKIPPED = {
    "own-aggregate-053",
    "own-allocate-008",
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
LEFT_OUT = {"coupon_sequence", "invoice_totals"}

Results = dict[str, conformance.CaseResult]


@pytest.fixture(scope="module")
def results(module_warehouse: str, tmp_path_factory: pytest.TempPathFactory) -> Results:
    """Results by id, from one run of all cases that Postgres computes too and of some of our own."""
    assert module_warehouse
    try:
        spark.home()
    except SparkMissing as missing:
        pytest.skip(str(missing))
    file = tmp_path_factory.mktemp("conformance") / "cases.jsonl"
    file.write_text("".join(json.dumps(case) + "\n" for case in [*CASES, *OF_OURS]), "utf-8")
    return {result.id: result for result in conformance.run(file, engine="spark")}


@pytest.mark.long
@pytest.mark.timeout(7200)
def test_every_case_comes_out_as_in_postgres_but_those_with_too_many_digits(results: Results) -> None:
    """Every case is expected to pass on Postgres: what passes here is equal there."""
    ended = [results[case["id"]] for case in CASES if case["op"] not in LEFT_OUT]
    assert [result for result in ended if result.status == "failed"] == []
    assert {result.id for result in ended if result.status == "skipped"} == SKIPPED
    assert all(_says_digits(result) for result in ended if result.status == "skipped")


@pytest.mark.long
@pytest.mark.timeout(7200)
def test_an_operation_that_is_left_out_fails_and_says_why(results: Results) -> None:
    """Nobody takes it for one that was compared."""
    ended = [results[case["id"]] for case in CASES if case["op"] in LEFT_OUT]
    assert {(result.status, result.reason) for result in ended} == {("failed", MANY_COUPONS)}
    assert SparkCases.left_out.keys() == LEFT_OUT


@pytest.mark.long
@pytest.mark.timeout(7200)
def test_a_case_that_stops_its_statement_leaves_the_other_cases_of_its_operation_alone(results: Results) -> None:
    """The right one passes, the wrong one fails with both sides, and the long one is skipped with Spark's words."""
    ended = {name: results[f"of-ours-{name}"] for name in ("right", "wrong", "long", "no-number", "fine")}
    assert {name: result.status for name, result in ended.items()} == {
        "right": "passed",
        "wrong": "failed",
        "long": "skipped",
        "no-number": "failed",
        "fine": "skipped",
    }
    assert ended["wrong"].differences == [{"output": "value", "expected": "3", "got": "2"}]
    assert _says_digits(ended["long"])
    assert "a number of more than 19 decimals" in (ended["fine"].reason or "")


def _says_digits(result: conformance.CaseResult) -> bool:
    told, _, reason = (result.reason or "").partition(": ")
    return told == "needs more digits than Spark has" and DIGITS.are_too_many(reason)
