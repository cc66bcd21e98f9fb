"""How figures are written on screen: separators, negatives in parentheses, the currency always, ids as text."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import ROUND_DOWN, ROUND_HALF_UP, Decimal
from typing import Any

from warehouse.connection import connect

NO_CURRENCY = "xxx"
FALLBACK_EXPONENT = 2
WHOLE, HUNDREDTH = Decimal(100), Decimal("0.01")


def money(amount_minor: int | None, currency: str | None, exponent: int) -> str:
    """An amount in minor units as an accountant writes it: ``USD 1,234.50``, ``USD (0.99)``, ``JPY 1,200``.

    None is a dash: there is no amount, which is not the same as 0.00.
    """
    if amount_minor is None or currency in {None, NO_CURRENCY}:
        return "-"
    major = Decimal(amount_minor).scaleb(-exponent)
    digits = f"{abs(major):,.{exponent}f}"
    return f"{str(currency).upper()} {f'({digits})' if amount_minor < 0 else digits}"


def quantity(value: Decimal | None) -> str:
    """A quantity without needless zeros, negatives in parentheses; a dash when there is none."""
    if value is None:
        return "-"
    digits = f"{abs(value):,f}"
    if "." in digits:
        digits = digits.rstrip("0").rstrip(".")
    return f"({digits})" if value < 0 else digits


def exact_money(amount_minor: Decimal | None, currency: str | None, exponent: int) -> str:
    """An amount in minor units that was not rounded, with all its digits: ``USD 196.72385``, a price ``USD 0.0085``."""
    if amount_minor is None or currency in {None, NO_CURRENCY}:
        return "-"
    major = Decimal(amount_minor).scaleb(-exponent)
    whole = money(int(amount_minor), currency, exponent)
    if major == Decimal(int(amount_minor)).scaleb(-exponent):
        return whole
    return f"{str(currency).upper()} {quantity(major)}"


def share(value: Decimal | None) -> str:
    """A share as a percentage with two decimals; a dash where nothing was billed.

    What is not all is never written 100.00 %, and what is not nothing never 0.00 %.
    """
    if value is None:
        return "-"
    percent = value * WHOLE
    rounded = percent.quantize(HUNDREDTH, ROUND_HALF_UP)
    if rounded == WHOLE and percent < WHOLE:
        rounded = percent.quantize(HUNDREDTH, ROUND_DOWN)
    if rounded == 0 and percent > 0:
        return "< 0.01 %"
    return f"{rounded} %"


def count(number: int, one: str, many: str | None = None) -> str:
    """``1 break``, ``1,204 breaks``."""
    return f"{number:,} {one if number == 1 else many or one + 's'}"


def exponents() -> Mapping[str, int]:
    """Decimals of every currency, from the warehouse's own table; empty before the first build."""
    with connect("auditor", autocommit=True) as connection:
        found = connection.execute("select to_regclass('marts.dim_currencies')").fetchone()
        if found is None or found[0] is None:
            return {}
        rows: list[tuple[Any, ...]] = connection.execute(
            "select currency, exponent from marts.dim_currencies"
        ).fetchall()
    return {str(currency): int(exponent) for currency, exponent in rows}


def exponent_of(currency: str | None, known: Mapping[str, int]) -> int:
    """Decimals of one currency; 2 for one the warehouse does not know."""
    return known.get(currency or "", FALLBACK_EXPONENT)
