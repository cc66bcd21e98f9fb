"""The rating macros, run by Postgres on the worked cases of rating and on boundaries of our own."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import psycopg
import pytest

from tests.dbt.rating_macros import rating_macros

FOLDER = Path(os.environ.get("TIEOUT_CASES", Path(__file__).resolve().parents[2].parent / "shared" / "cases"))
CASES = FOLDER / "rating" / "cases.jsonl"
Case = dict[str, Any]


@pytest.fixture(scope="module")
def connection(module_warehouse: str) -> Iterator[psycopg.Connection]:
    """One connection for all expressions."""
    with psycopg.connect(module_warehouse, autocommit=True) as opened:
        yield opened


def evaluate(connection: psycopg.Connection, expression: str) -> Decimal:
    """Value of one SQL expression as an exact number."""
    row = connection.execute(f"select cast({expression} as numeric)".encode()).fetchone()
    assert row is not None
    value: Decimal = row[0]
    return value


def number(value: str) -> str:
    """A SQL numeric literal; an exact fraction stays one."""
    if "/" in value:
        top, bottom = value.split("/")
        return f"(cast({top} as numeric) / {bottom})"
    return f"cast({value} as numeric)"


def rounded(expression: str, rounding: dict[str, Any] | None) -> str:
    """The expression rounded as a case says."""
    if not rounding:
        return expression
    return str(rating_macros().round_to(expression, int(rounding["digits"]), rounding["mode"]))


def tier_amounts(price: Case, quantity: str, billed: str) -> list[str]:
    """One expression a tier."""
    macros = rating_macros()
    lower, expressions = "0", []
    for tier in price["tiers"]:
        upper = number(tier["up_to"]) if tier["up_to"] is not None else "cast(null as numeric)"
        unit = number(tier["unit_price"]) if "unit_price" in tier else f"({number(tier['rate_pct'])} * 0.01)"
        flat, zero_usage = number(tier.get("flat_fee", "0")), price.get("zero_usage", "none")
        if price["model"] == "volume":
            held = number(price.get("tier_quantity", "0")) if "tier_quantity" in price else quantity
            held = f"ceil({held})" if price.get("tier_select") == "ceil" else held
            fits = macros.is_volume_tier(held, lower, upper, zero_usage)
            expressions.append(f"case when {fits} then ({quantity}) * {unit} + {flat} else 0 end")
        else:
            amount = macros.graduated_tier_amount(quantity, lower, upper, unit, flat, billed, zero_usage)
            if "cap" in tier:
                units = macros.units_in_tier(quantity, lower, upper, billed)
                amount = f"{amount} - greatest({units} * {unit} - {number(tier['cap'])}, 0)"
            expressions.append(rounded(f"({amount})", price.get("round_per_tier")))
        lower = upper
    return expressions


def rated(price: Case, quantity: str, billed: str = "0") -> str:
    """The amount of a quantity at a price, before rounding."""
    macros = rating_macros()
    if price["model"] == "standard":
        return f"({quantity} * {number(price['unit_price'])})"
    if price["model"] == "dynamic":
        return f"({quantity} * {number(price['multiplier'])})"
    if price["model"] == "package":
        return str(
            macros.package_amount(
                quantity,
                number(price["package_size"]),
                number(price["package_price"]),
                number(price.get("free_units", "0")),
                price.get("partial", "up"),
                billed,
            )
        )
    return "(" + " + ".join(tier_amounts(price, quantity, billed)) + ")"


def day_share(amount: str, active: list[str], period: list[str]) -> str:
    """The share of a period of days."""
    macros = rating_macros()
    start, end = f"greatest(date '{active[0]}', date '{period[0]}')", f"least(date '{active[1]}', date '{period[1]}')"
    days = f"greatest({macros.days_between(start, end)}, 0)"
    whole = macros.days_between(f"date '{period[0]}'", f"date '{period[1]}'")
    return str(macros.prorated_exact(amount, days, whole))


def rate(given: Case) -> dict[str, str]:
    """Outputs of `rate`."""
    price = given["price"]
    amount = rated(price, number(given["quantity"]), number(given.get("pre_quantity", "0")))
    return {"amount": rounded(amount, price.get("round", given.get("round")))}


def round_value(given: Case) -> dict[str, str]:
    """Outputs of `round_value`."""
    return {"value": rounded(number(given["value"]), given)}


def plan_change(given: Case) -> dict[str, str]:
    """Outputs of `plan_change`: credit and charge are rounded separately."""
    rest = [given["change"], given["period"][1]]
    credit = rounded(day_share(number(given["old_amount"]), rest, given["period"]), given.get("round"))
    charge = rounded(day_share(number(given["new_amount"]), rest, given["period"]), given.get("round"))
    return {"credit": credit, "charge": charge, "net": f"{charge} - {credit}"}


def period_fraction(given: Case) -> dict[str, str]:
    """Outputs of `period_fraction`."""
    share = day_share(number(given["amount"]), given["active"], given["period"])
    return {"amount": rounded(share, given.get("round"))}


def seconds_fraction(given: Case) -> dict[str, str]:
    """Outputs of `seconds_fraction`."""
    macros = rating_macros()
    start, end, change = (f"timestamp with time zone '{at}'" for at in [*given["period"], given["from"]])
    left = macros.seconds_between(f"least(greatest({change}, {start}), {end})", end)
    share = macros.prorated_exact(number(given["amount"]), left, macros.seconds_between(start, end))
    return {"amount": rounded(share, given.get("round"))}


def capped_credit(given: Case) -> dict[str, str]:
    """Outputs of `capped_credit`."""
    keys = ("potential", "paid", "already_credited")
    return {"credit": str(rating_macros().capped_credit(*[number(given.get(key, "0")) for key in keys]))}


def tax_on_amount(given: Case) -> dict[str, str]:
    """Outputs of `tax_on_amount`."""
    return {"tax": rounded(f"({number(given['amount'])} * {number(given['rate_pct'])} * 0.01)", given.get("round"))}


OPERATIONS: dict[str, Callable[[Case], dict[str, str]]] = {
    operation.__name__: operation
    for operation in (
        rate,
        round_value,
        plan_change,
        period_fraction,
        seconds_fraction,
        capped_credit,
        tax_on_amount,
    )
}


def outputs_of(case: Case) -> dict[str, str]:
    """The expected outputs of a case that a macro computes, as SQL expressions."""
    computed = OPERATIONS[case["op"]](case["inputs"])
    return {key: expression for key, expression in computed.items() if key in case["expected"]}


def read_cases() -> list[Case]:
    """The cases whose operation a macro computes; none where the folder of cases is absent."""
    if not CASES.exists():
        return []
    cases = [json.loads(line) for line in CASES.read_text().splitlines()]
    return [case for case in cases if case["op"] in OPERATIONS and outputs_of(case)]


@pytest.mark.parametrize("case", read_cases() or [None], ids=lambda case: case["id"] if case else "no cases")
def test_a_worked_case_of_rating_comes_out_exactly(connection: psycopg.Connection, case: Case | None) -> None:
    """Every output that a macro computes equals the case's."""
    if case is None:
        pytest.skip("the folder of cases (TIEOUT_CASES) is not on this machine")
    for key, expression in outputs_of(case).items():
        compare = case.get("compare_round", {}).get(key)
        assert evaluate(connection, rounded(expression, compare)) == Decimal(case["expected"][key]), key


@pytest.mark.parametrize(
    ("numerator", "denominator", "whole"),
    [
        ("7", "2", 4),
        ("-7", "2", -4),
        ("5", "3", 2),
        ("4", "3", 1),
        ("0", "31", 0),
        ("10.5", "7", 2),
        ("1", "3000000000", 0),
    ],
)
def test_a_ratio_is_rounded_half_away_from_zero(
    connection: psycopg.Connection, numerator: str, denominator: str, whole: int
) -> None:
    """Exactly, whatever the scale of the division."""
    assert evaluate(connection, rating_macros().round_ratio(number(numerator), number(denominator))) == whole


@pytest.mark.parametrize(
    ("anchor", "months", "boundary"),
    [
        ("2026-01-31 13:05:00+00", 1, "2026-02-28 13:05:00+00"),
        ("2026-01-31 13:05:00+00", 2, "2026-03-31 13:05:00+00"),
        ("2027-12-31 23:59:59+00", 2, "2028-02-29 23:59:59+00"),
        ("2028-02-29 00:00:00+00", 12, "2029-02-28 00:00:00+00"),
        ("2028-02-29 00:00:00+00", 48, "2032-02-29 00:00:00+00"),
    ],
)
def test_a_boundary_is_counted_from_the_anchor_and_keeps_its_instant(
    connection: psycopg.Connection, anchor: str, months: int, boundary: str
) -> None:
    """The day is clipped to the month's last; the next boundary is not."""
    moved = rating_macros().add_months(f"timestamp with time zone '{anchor}'", months)
    row = connection.execute(f"select {moved} = timestamp with time zone '{boundary}'".encode()).fetchone()
    assert row == (True,)
