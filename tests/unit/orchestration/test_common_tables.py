"""Selects taken apart into their common table expressions."""

from __future__ import annotations

import pytest

from orchestration.engines.common_tables import taken_apart


def parts(query: str) -> tuple[list[tuple[str, str]], str]:
    tables, last = taken_apart(query, "spark")
    return [(name, select.strip()) for name, select in tables], last


def test_every_table_at_the_head_is_given_in_order_with_what_they_serve() -> None:
    query = "with\n\nfirst as (\n  select 1 as n\n),\nsecond as (select n + (1) as n from first)\nselect * from second"

    assert parts(query) == (
        [("first", "select 1 as n"), ("second", "select n + (1) as n from first")],
        "select * from second",
    )


def test_parentheses_and_names_in_texts_and_remarks_are_none() -> None:
    query = "with a as (select ')' as b, 'it\\'s (' as c -- an account's ) day\n) select * from a"

    assert parts(query) == ([("a", "select ')' as b, 'it\\'s (' as c -- an account's ) day")], "select * from a")


def test_what_stands_in_a_table_stays_whole_until_it_is_asked_for() -> None:
    query = "with a as (with recursive b as (select 1 as n) select n from b) select * from a"

    [(name, inner)], last = parts(query)

    assert (name, last) == ("a", "select * from a")
    assert parts(inner) == ([("b", "select 1 as n")], "select n from b")


def test_a_table_that_reads_itself_leaves_its_select_whole() -> None:
    query = "with recursive a as (select 1 as n union all select n + 1 from a where n < 3) select * from a"

    assert parts(query) == ([], query)


def test_a_table_may_have_the_name_of_what_it_reads_where_nothing_is_recursive() -> None:
    assert parts("with cases as (select * from given.cases as cases) select * from cases") == (
        [("cases", "select * from given.cases as cases")],
        "select * from cases",
    )


def test_a_select_without_tables_is_left_whole() -> None:
    assert parts("select 1 as n") == ([], "select 1 as n")


def test_a_parenthesis_that_is_not_closed_is_refused() -> None:
    with pytest.raises(ValueError, match="not closed"):
        parts("with a as (select 1")
