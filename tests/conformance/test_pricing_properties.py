"""Properties of prices on random input: batches of lines go through the macros in one statement, in exact numbers."""

from __future__ import annotations

import json
from collections.abc import Iterator
from fractions import Fraction
from typing import Any

import psycopg
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from psycopg.rows import dict_row

from tests.conformance import pricing_oracle as oracle
from tests.dbt.rating_macros import rating_macros

Case = dict[str, Any]
MODES = ("half_up", "half_even", "half_down", "up", "down", "ceil", "floor")
BATCHES = settings(max_examples=25, deadline=None, suppress_health_check=list(HealthCheck))
GIVEN = """
    with given as (
        select
            case_id,
            line_no,
            price,
            cast(quantity as numeric) as quantity,
            cast(billed as numeric) as billed,
            cast(1 as numeric) as quantity_denominator,
            cast(price #>> '{round,digits}' as integer) as round_digits,
            price #>> '{round,mode}' as round_mode
        from jsonb_to_recordset(%(lines)s) as lines (
            case_id text, line_no integer, price jsonb, quantity text, billed text
        )
    )
"""


@pytest.fixture(scope="module")
def connection(module_warehouse: str) -> Iterator[psycopg.Connection]:
    """One connection for all statements."""
    with psycopg.connect(module_warehouse, autocommit=True) as opened:
        yield opened


def decimals(low: int, high: int, places: int = 3) -> st.SearchStrategy[str]:
    """Decimal numbers as texts, whole ones among them."""
    return st.one_of(
        st.integers(low, high).map(str),
        st.decimals(low, high, places=places, allow_nan=False, allow_infinity=False).map(lambda value: f"{value:f}"),
    )


AMOUNTS = decimals(0, 50)
ROUNDINGS = st.builds(lambda digits, mode: {"digits": digits, "mode": mode}, st.integers(-1, 4), st.sampled_from(MODES))


@st.composite
def tiers(draw: st.DrawFn) -> list[Case]:
    """Tiers with rising bounds, the last unbounded."""
    uppers = sorted(
        draw(st.sets(decimals(1, 60, 2).filter(lambda bound: Fraction(bound) > 0), max_size=4)), key=Fraction
    )
    distinct = [bound for place, bound in enumerate(uppers) if Fraction(bound) not in map(Fraction, uppers[:place])]
    return [
        {"up_to": upper, "unit_price": draw(AMOUNTS), "flat_fee": draw(AMOUNTS)}
        | ({"cap": draw(AMOUNTS)} if draw(st.integers(0, 5)) == 0 else {})
        for upper in [*distinct, None]
    ]


@st.composite
def prices(draw: st.DrawFn, models: tuple[str, ...] = ("standard", "graduated", "volume", "package")) -> Case:
    """Any price."""
    price: Case = {"model": draw(st.sampled_from(models))}
    match price["model"]:
        case "standard":
            price["unit_price"] = draw(AMOUNTS)
        case "package":
            price |= {
                "package_size": draw(decimals(1, 20, 1)),
                "package_price": draw(AMOUNTS),
                "free_units": draw(AMOUNTS),
                "partial": draw(st.sampled_from(("up", "down"))),
            }
        case _:
            price |= {"tiers": draw(tiers()), "zero_usage": draw(st.sampled_from(("none", "first_flat")))}
    if draw(st.booleans()):
        price["round"] = draw(ROUNDINGS)
    return price


LINES = st.lists(
    st.builds(
        lambda price, quantity, billed: {"price": price, "quantity": quantity, "pre_quantity": billed},
        prices(),
        decimals(0, 90),
        st.one_of(st.just("0"), decimals(0, 90)),
    ),
    min_size=10,
    max_size=30,
)


def rated(connection: psycopg.Connection, cases: list[Case]) -> list[Case]:
    """Amounts, packages and tiers of the lines, in their order, from one statement."""
    lines = [
        {
            "case_id": "all",
            "line_no": number,
            "price": case["price"],
            "quantity": case["quantity"],
            "billed": case.get("pre_quantity", "0"),
        }
        for number, case in enumerate(cases)
    ]
    statement = f"{GIVEN} select * from ({rating_macros().rated_case_lines('given')}) as rated order by line_no"
    with connection.cursor(row_factory=dict_row) as cursor:
        found = cursor.execute(statement.encode(), {"lines": json.dumps(lines)}).fetchall()
    assert [row["line_no"] for row in found] == list(range(len(cases)))
    return found


@BATCHES
@given(cases=LINES)
def test_a_line_costs_what_exact_arithmetic_says(connection: psycopg.Connection, cases: list[Case]) -> None:
    """Whatever the price, the quantity and what was billed before."""
    for case, row in zip(cases, rated(connection, cases), strict=True):
        expected = oracle.rate(case)
        assert Fraction(row["amount"]) == expected["amount"], case
        assert [Fraction(amount) for amount in row["tier_amounts"] or []] == expected.get(
            "tier_amounts", [Fraction(amount) for amount in row["tier_amounts"] or []]
        ), case
        assert row["packages"] is None or Fraction(row["packages"]) == expected["packages"], case


@BATCHES
@given(
    price=prices(("standard", "graduated", "package")).filter(lambda price: "round" not in price),
    steps=st.lists(decimals(0, 30), min_size=2, max_size=8),
)
def test_rating_is_additive_over_what_was_billed(connection: psycopg.Connection, price: Case, steps: list[str]) -> None:
    """Any split of a period's units into lines, each after the ones before it, costs what all of them cost at once."""
    price = {**price, "zero_usage": "none"}
    billed = [sum(map(Fraction, steps[:place]), Fraction(0)) for place in range(len(steps))]
    cases = [
        {"price": price, "quantity": step, "pre_quantity": as_decimal(before)}
        for step, before in zip(steps, billed, strict=True)
    ]
    whole = {"price": price, "quantity": as_decimal(sum(map(Fraction, steps), Fraction(0)))}
    *parts, total = (Fraction(row["amount"]) for row in rated(connection, [*cases, whole]))
    assert sum(parts) == total


@BATCHES
@given(cases=LINES, order=st.randoms(use_true_random=False))
def test_the_order_of_lines_changes_nothing(connection: psycopg.Connection, cases: list[Case], order: Any) -> None:
    """A line costs the same whatever stands beside it, and wherever."""
    places = list(range(len(cases)))
    order.shuffle(places)
    amounts = [row["amount"] for row in rated(connection, cases)]
    shuffled = [row["amount"] for row in rated(connection, [cases[place] for place in places])]
    assert [amounts[place] for place in places] == shuffled


@BATCHES
@given(
    lines=st.lists(st.tuples(tiers(), decimals(0, 90), decimals(0, 90)), min_size=5, max_size=20),
    model=st.sampled_from(("graduated", "volume")),
)
def test_tiers_hold_the_whole_quantity(connection: psycopg.Connection, lines: list[Any], model: str) -> None:
    """No unit is lost between tiers and none is in two, however much was billed before."""
    rows = [
        {"line_id": number, "quantity": quantity, "billed": billed, "lower": str(lower), "upper": upper and str(upper)}
        for number, (bounds, quantity, billed) in enumerate(lines)
        for lower, upper in oracle.bounds_of([{"up_to": tier["up_to"]} for tier in bounds])
    ]
    for row in rows:
        row["lower"], row["upper"] = (bound and as_decimal(Fraction(bound)) for bound in (row["lower"], row["upper"]))
    statement = f"""
        with line_tiers as (
            select
                line_id, '{model}' as charge_model, quantity, billed, lower as lower_bound, upper as upper_bound,
                1 as quantity_denominator, cast(null as numeric) as selector_quantity, 'exact' as tier_select,
                'none' as zero_usage, 1 as unit_amount, 0 as flat_amount, cast(null as numeric) as cap_amount,
                1 as amount_denominator, 0 as tier_digits, cast(null as text) as tier_mode
            from jsonb_to_recordset(%(rows)s) as given (
                line_id integer, quantity numeric, billed numeric, lower numeric, upper numeric
            )
        )
        select line_id, sum(tier_quantity) as held, sum(amount_numerator) as amount, max(quantity) as quantity
        from ({rating_macros().tier_splits("line_tiers")}) as splits
        group by line_id
    """
    for _, held, amount, quantity in connection.execute(statement.encode(), {"rows": json.dumps(rows)}).fetchall():
        assert held == amount == quantity


def as_decimal(value: Fraction) -> str:
    """A terminating decimal, exactly."""
    places = 0
    while (value * 10**places).denominator != 1:
        places += 1
    return f"{int(value * 10**places)}e-{places}"


@BATCHES
@given(
    lines=st.lists(
        st.tuples(tiers(), decimals(0, 90), st.sampled_from(("none", "first_flat"))), min_size=5, max_size=20
    )
)
def test_the_first_line_of_a_period_is_split_as_a_line_after_nothing(
    connection: psycopg.Connection, lines: list[Any]
) -> None:
    """Where nothing was billed before, the SQL is shorter: units, entry, caps and amounts are the same."""
    rows = [
        {
            "line_id": number,
            "tier_no": place,
            "quantity": quantity,
            "zero_usage": zero_usage,
            "lower_bound": as_decimal(lower),
            "upper_bound": upper and as_decimal(upper),
            "unit_amount": tier["unit_price"],
            "flat_amount": tier["flat_fee"],
            "cap_amount": tier.get("cap"),
        }
        for number, (given_tiers, quantity, zero_usage) in enumerate(lines)
        for place, (tier, (lower, upper)) in enumerate(zip(given_tiers, oracle.bounds_of(given_tiers), strict=True))
    ]
    split = "select line_id, tier_no, tier_quantity, is_entered, amount_numerator from ({}) as splits order by 1, 2"
    found = []
    for billed in ("0", "billed"):
        statement = f"""
            with line_tiers as (
                select
                    given.*, 'graduated' as charge_model, 0 as billed, 1 as quantity_denominator,
                    cast(null as numeric) as selector_quantity, 'exact' as tier_select, 1 as amount_denominator,
                    0 as tier_digits, cast(null as text) as tier_mode
                from jsonb_to_recordset(%(rows)s) as given (
                    line_id integer, tier_no integer, quantity numeric, zero_usage text, lower_bound numeric,
                    upper_bound numeric, unit_amount numeric, flat_amount numeric, cap_amount numeric
                )
            )
            {split.format(rating_macros().tier_splits("line_tiers", billed=billed))}
        """
        found.append(connection.execute(statement.encode(), {"rows": json.dumps(rows)}).fetchall())
    assert found[0] == found[1]


@BATCHES
@given(
    lines=st.lists(
        st.fixed_dictionaries(
            {
                "transactions": st.lists(decimals(-20, 200, 2), max_size=8),
                "rate_pct": decimals(0, 20),
                "fixed_per_txn": AMOUNTS,
            },
            optional={
                "free_txns": st.integers(0, 5).map(str),
                "free_amount": decimals(0, 300),
                "min_per_txn": decimals(0, 20),
                "max_per_txn": decimals(20, 60),
            },
        ),
        min_size=5,
        max_size=15,
    )
)
def test_transactions_cost_what_a_walk_over_them_says(connection: psycopg.Connection, lines: list[Case]) -> None:
    """The macro finds the place where the allowances end, with refunds and transactions of nothing among them."""
    rows = [
        {
            "line_id": number,
            "no": place,
            "value": value,
            **{key: line.get(key) for key in line if key != "transactions"},
        }
        for number, line in enumerate(lines)
        for place, value in enumerate(line["transactions"], 1)
    ]
    statement = f"""
        with transactions as (
            select
                line_id, no as transaction_no, value as transaction_value, rate_pct * 0.01 as rate,
                fixed_per_txn as fixed_amount, free_txns as free_transactions, free_amount,
                min_per_txn as minimum_per_transaction, max_per_txn as maximum_per_transaction
            from jsonb_to_recordset(%(rows)s) as given (
                line_id integer, no integer, value numeric, rate_pct numeric, fixed_per_txn numeric, free_txns numeric,
                free_amount numeric, min_per_txn numeric, max_per_txn numeric
            )
        )
        select line_id, sum(amount), sum(free_value), count(*) filter (where is_free)
        from ({rating_macros().percentage_transactions("transactions")}) as charged
        group by line_id
    """
    found = {row[0]: row[1:] for row in connection.execute(statement.encode(), {"rows": json.dumps(rows)}).fetchall()}
    for number, line in enumerate(lines):
        expected = oracle.percentage(line)
        wanted = (expected["amount"], expected["free_amount_used"], expected["free_txns_used"])
        assert found.get(number, (0, 0, 0)) == wanted, line


@BATCHES
@given(
    lines=st.lists(
        st.tuples(decimals(0, 100, 2), st.lists(decimals(-5, 40, 2), min_size=1, max_size=6)), min_size=5, max_size=15
    )
)
def test_wallets_and_what_stays_due_make_up_what_was_due(connection: psycopg.Connection, lines: list[Any]) -> None:
    """No wallet pays more than it holds, and none while an earlier one still could."""
    rows = [
        {"line_id": number, "due": due, "no": place, "balance": balance}
        for number, (due, balances) in enumerate(lines)
        for place, balance in enumerate(balances)
    ]
    statement = f"""
        with wallets as (
            select line_id, no as burn_no, balance, due as due_amount
            from jsonb_to_recordset(%(rows)s) as given (line_id integer, due numeric, no integer, balance numeric)
        )
        select line_id, burn_no, debit_amount, balance_after
        from ({rating_macros().wallet_debits("wallets")}) as debits
        order by line_id, burn_no
    """
    found = connection.execute(statement.encode(), {"rows": json.dumps(rows)}).fetchall()
    for number, (due, balances) in enumerate(lines):
        wallets = [{"id": str(place), "balance": balance} for place, balance in enumerate(balances)]
        expected = oracle.wallet_burn({"due": due, "order": [], "wallets": wallets})
        debits = {str(no): debit for line_id, no, debit, _ in found if line_id == number and debit}
        assert debits == expected["debits"]
        assert {str(no): after for line_id, no, _, after in found if line_id == number} == expected["balances"]


def test_more_units_may_cost_less_at_a_volume_price(connection: psycopg.Connection) -> None:
    """So late usage may be a credit; nothing here may assume that prices rise with quantities."""
    price = {"model": "volume", "tiers": [{"up_to": "15", "unit_price": "10"}, {"up_to": None, "unit_price": "5"}]}
    fewer, more = rated(connection, [{"price": price, "quantity": "15"}, {"price": price, "quantity": "16"}])
    assert (Fraction(fewer["amount"]), Fraction(more["amount"])) == (150, 80)
