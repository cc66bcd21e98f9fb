"""Worked cases of rating on Spark: as in Postgres, or skipped for a number of too many digits.

Needs PySpark and Java (make test-spark); without them these tests are skipped and say so.
"""

from __future__ import annotations

import pytest

from orchestration.engines.spark_cases import DIGITS, SparkCases
from tests.conformance.on_other_engines import Results, assert_nothing_is_missing_but_digits, results_on, says_digits


@pytest.fixture(scope="module")
def results(with_spark: None, module_warehouse: str, tmp_path_factory: pytest.TempPathFactory) -> Results:
    """Results by id, from one run of all cases that Postgres computes too and of some of our own."""
    assert module_warehouse
    return results_on("spark", tmp_path_factory.mktemp("conformance"))


@pytest.mark.long
@pytest.mark.timeout(7200)
def test_every_case_comes_out_as_in_postgres_but_those_with_too_many_digits(results: Results) -> None:
    """Every case is expected to pass on Postgres: what passes here is equal there."""
    assert_nothing_is_missing_but_digits(results, SparkCases.shown, DIGITS)


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
    assert says_digits(ended["long"], SparkCases.shown, DIGITS)
    assert "a number of more than 19 decimals" in (ended["fine"].reason or "")
