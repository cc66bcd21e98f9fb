"""Properties of spreading an amount over lines, on random input: a batch of allocations a statement, exact numbers."""

from __future__ import annotations

import json
from collections.abc import Iterator
from decimal import Decimal
from fractions import Fraction
from typing import Any

import psycopg
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.dbt.rating_macros import rating_macros

BATCHES = settings(max_examples=25, deadline=None, suppress_health_check=list(HealthCheck))
# A total in whole units of `digits` decimals, and weights of one sign; a line is known by its key, not by its place.
ALLOCATIONS = st.lists(
    st.tuples(
        st.integers(-(10**12), 10**12),
        st.integers(-2, 4),
        st.sampled_from((1, -1)),
        st.lists(
            st.one_of(
                st.integers(0, 5).map(Decimal),
                st.decimals(0, 1000, places=3, allow_nan=False, allow_infinity=False),
            ),
            min_size=1,
            max_size=9,
        ),
    ),
    min_size=8,
    max_size=25,
)


@pytest.fixture(scope="module")
def connection(module_warehouse: str) -> Iterator[psycopg.Connection]:
    """One connection for all statements."""
    with psycopg.connect(module_warehouse, autocommit=True) as opened:
        yield opened


def allocated(connection: psycopg.Connection, rows: list[dict[str, Any]]) -> dict[tuple[int, int], Decimal]:
    """The part of every line, by allocation and key of the line, in one statement."""
    statement = f"""
        with items as (
            select * from jsonb_to_recordset(%(rows)s) as given (
                allocation_id integer, item_no integer, line_key numeric, total numeric, weight numeric, digits integer,
                tie_key numeric
            )
        )
        select allocation_id, line_key, part from ({rating_macros().allocate("items")}) as parts
    """
    found = connection.execute(statement.encode(), {"rows": json.dumps(rows)}).fetchall()
    return {(allocation, int(key)): part for allocation, key, part in found}


def items(allocations: list[Any], order: Any = None) -> list[dict[str, Any]]:
    """Lines of the allocations, numbered as they stand or in another order; ties go by the key of the line."""
    rows = []
    for number, (total, digits, sign, weights) in enumerate(allocations):
        keys = list(range(len(weights)))
        if order is not None:
            order.shuffle(keys)
        rows += [
            {
                "allocation_id": number,
                "item_no": place,
                "line_key": key,
                "total": f"{total}e{-digits}",
                "weight": str(sign * weights[key]),
                "digits": digits,
                "tie_key": key,
            }
            for place, key in enumerate(keys)
        ]
    return rows


@BATCHES
@given(allocations=ALLOCATIONS)
def test_the_parts_add_up_and_each_is_its_share_to_less_than_a_unit(
    connection: psycopg.Connection, allocations: list[Any]
) -> None:
    """To the last unit, for totals and weights of either sign; where there is nothing to share by, nothing is given."""
    parts = allocated(connection, items(allocations))
    for number, (total, digits, _, weights) in enumerate(allocations):
        unit = Fraction(10) ** -digits
        own = [Fraction(parts[number, key]) for key in range(len(weights))]
        if not any(weights):
            assert own == [0] * len(weights)
            continue
        assert sum(own) == total * unit
        for part, weight in zip(own, weights, strict=True):
            share = total * unit * Fraction(weight) / sum(map(Fraction, weights))
            assert part % unit == 0
            assert abs(part - share) < unit
            assert weight or part == 0


@BATCHES
@given(allocations=ALLOCATIONS, order=st.randoms(use_true_random=False))
def test_the_order_of_lines_changes_no_part(connection: psycopg.Connection, allocations: list[Any], order: Any) -> None:
    """A line keeps its part wherever it stands, ties included."""
    assert allocated(connection, items(allocations, order)) == allocated(connection, items(allocations))


@BATCHES
@given(allocations=ALLOCATIONS, order=st.randoms(use_true_random=False))
def test_without_a_key_ties_go_by_place(connection: psycopg.Connection, allocations: list[Any], order: Any) -> None:
    """The place of a line is its key where it has none."""
    rows = items(allocations, order)
    assert allocated(connection, [{**row, "tie_key": None} for row in rows]) == allocated(
        connection, [{**row, "tie_key": row["item_no"]} for row in rows]
    )


def test_of_two_lines_with_the_same_remainder_the_first_is_given_the_unit_whatever_their_sizes(
    connection: psycopg.Connection,
) -> None:
    """Shares of 0.5 and 1.5: it goes by place whether 1 and 1 or 0 and 2 come out; who needs one answer gives a key."""
    halves = (2, 0, 1, [Decimal(1), Decimal(3)])
    reversed_halves = (2, 0, 1, [Decimal(3), Decimal(1)])
    rows = [{**row, "tie_key": None} for row in items([halves, reversed_halves])]
    assert allocated(connection, rows) == {(0, 0): 1, (0, 1): 1, (1, 0): 2, (1, 1): 0}
