"""Worked cases of rating on DuckDB: as in Postgres, or skipped for a number of too many digits."""

from __future__ import annotations

import pytest

from orchestration.engines.duckdb_cases import DIGITS, DuckDbCases
from tests.conformance.on_other_engines import Results, assert_nothing_is_missing_but_digits, results_on, says_digits


@pytest.fixture(scope="module")
def results(module_warehouse: str, tmp_path_factory: pytest.TempPathFactory) -> Results:
    """Results by id, from one run of all cases that Postgres computes too and of some of our own."""
    assert module_warehouse
    return results_on("duckdb", tmp_path_factory.mktemp("conformance"))


def test_every_case_comes_out_as_in_postgres_but_those_with_too_many_digits(results: Results) -> None:
    """Every case is expected to pass on Postgres: what passes here is equal there."""
    assert_nothing_is_missing_but_digits(results, DuckDbCases.shown, DIGITS)


def test_a_case_that_stops_its_statement_leaves_the_other_cases_of_its_operation_alone(results: Results) -> None:
    """The right one passes, the wrong one fails with both sides, and the long one is skipped with DuckDB's words."""
    ended = {name: results[f"of-ours-{name}"] for name in ("right", "wrong", "long")}
    assert {name: result.status for name, result in ended.items()} == {
        "right": "passed",
        "wrong": "failed",
        "long": "skipped",
    }
    assert ended["wrong"].differences == [{"output": "value", "expected": "3", "got": "2"}]
    assert says_digits(ended["long"], DuckDbCases.shown, DIGITS)


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
