"""Rounding by data, run by Postgres on random numbers and compared with exact fractions."""

from __future__ import annotations

import random
from collections.abc import Iterator
from fractions import Fraction

import psycopg
import pytest

from tests.dbt.rating_macros import rating_macros

MODES = ("half_up", "half_down", "half_even", "up", "down", "ceil", "floor")
NUMBERS_A_MODE = 600


@pytest.fixture(scope="module")
def connection(module_warehouse: str) -> Iterator[psycopg.Connection]:
    """One connection for all statements."""
    with psycopg.connect(module_warehouse, autocommit=True) as opened:
        yield opened


def rounded(value: Fraction, digits: int, mode: str) -> Fraction:
    """The definition of each mode, on an exact number."""
    scaled = abs(value) * Fraction(10) ** digits
    whole, rest, sign = scaled.__floor__(), scaled - scaled.__floor__(), -1 if value < 0 else 1
    half = Fraction(1, 2)
    away = {
        "half_up": rest >= half,
        "half_down": rest > half,
        "half_even": rest > half or (rest == half and whole % 2 == 1),
        "up": rest > 0,
        "down": False,
        "ceil": rest > 0 and sign > 0,
        "floor": rest > 0 and sign < 0,
    }[mode]
    return sign * (whole + away) / Fraction(10) ** digits


def numbers(mode: str) -> list[tuple[str, str, int, str]]:
    """Numerators, denominators and digits; every third one is a tie, some are hundreds of digits from it."""
    chance = random.Random(mode)  # noqa: S311  repeatable numbers, no secret
    found = []
    for place in range(NUMBERS_A_MODE):
        digits = chance.randint(-3, 8)
        under = Fraction(chance.randint(1, 10**9), 10 ** chance.randint(0, 4))
        over = Fraction(chance.randint(-(10**18), 10**18), 10 ** chance.randint(0, 12))
        if place % 3 == 0:
            over = under * (chance.randint(-999, 999) + Fraction(1, 2)) / Fraction(10) ** digits
        found.append((decimal(over), decimal(under), digits, mode))
    return found


def decimal(value: Fraction) -> str:
    """The terminating decimal of a fraction."""
    places = 0
    while (value * 10**places).denominator != 1:
        places += 1
    sign, digits = "-" if value < 0 else "", str(abs(int(value * 10**places))).rjust(places + 1, "0")
    return f"{sign}{digits[:-places]}.{digits[-places:]}" if places else sign + digits


@pytest.mark.parametrize("mode", MODES)
def test_a_ratio_is_rounded_exactly_as_its_mode_says(connection: psycopg.Connection, mode: str) -> None:
    """Also when a quotient of limited scale would have hidden or made a tie."""
    rows = numbers(mode)
    ratio = rating_macros().round_ratio_as("n", "d", "digits", "mode")
    found = connection.execute(
        f"select cast({ratio} as text) from unnest(%s::numeric[], %s::numeric[], %s::int[], %s::text[])"
        " with ordinality as given (n, d, digits, mode, place) order by place".encode(),
        [list(column) for column in zip(*rows, strict=True)],
    ).fetchall()
    for (over, under, digits, _), (answer,) in zip(rows, found, strict=True):
        assert Fraction(answer) == rounded(Fraction(over) / Fraction(under), digits, mode), (over, under, digits)


@pytest.mark.parametrize("mode", MODES)
def test_a_value_is_rounded_exactly_as_its_mode_says(connection: psycopg.Connection, mode: str) -> None:
    """Positive and negative digits, ties and neighbours of ties."""
    rows = [(over, digits, kind) for over, _, digits, kind in numbers(mode)]
    rows += [
        (value, digits, mode)
        for value in ("2.5", "-2.5", "3.5", "1.005", "-0.5", "0", "250", "-350")
        for digits in (-2, 0, 2)
    ]
    value = rating_macros().round_as("value", "digits", "mode")
    found = connection.execute(
        f"select cast({value} as text) from unnest(%s::numeric[], %s::int[], %s::text[])"
        " with ordinality as given (value, digits, mode, place) order by place".encode(),
        [list(column) for column in zip(*rows, strict=True)],
    ).fetchall()
    for (given, digits, _), (answer,) in zip(rows, found, strict=True):
        assert Fraction(answer) == rounded(Fraction(given), digits, mode), (given, digits)


def test_without_a_mode_nothing_is_rounded(connection: psycopg.Connection) -> None:
    """And an unknown mode gives no number rather than a wrong one."""
    macros = rating_macros()
    for mode, wanted in (("cast(null as text)", ["1.005", "0.5"]), ("'nearest'", [None, None])):
        row = connection.execute(
            f"select trim_scale({macros.round_as('1.005', '2', mode)}), "
            f"trim_scale({macros.round_ratio_as('1.0', '2', '0', mode)})".encode()
        ).fetchone()
        assert row is not None
        assert [None if value is None else str(value) for value in row] == wanted
