"""Exact money: minor units are integers, prices are decimals, rounding is half away from zero."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import ROUND_HALF_UP, Decimal

EXPONENT = {"usd": 2, "eur": 2, "jpy": 0}


def round_half_away(value: Decimal) -> int:
    """The nearest integer; ties go away from zero, so -2.5 becomes -3."""
    return int(value.quantize(Decimal(1), rounding=ROUND_HALF_UP))


def to_minor(major: str | Decimal, currency: str) -> Decimal:
    """Exact minor units of an amount in major units (may have a fraction, for unit prices)."""
    return Decimal(major).scaleb(EXPONENT[currency])


def to_major(minor: int, currency: str) -> str:
    """Text in major units with the currency's own number of decimals: 1250 usd is '12.50', 1250 jpy is '1250'."""
    exponent = EXPONENT[currency]
    return f"{Decimal(minor).scaleb(-exponent):.{exponent}f}"


def plain(value: Decimal) -> str:
    """Text of a decimal without exponent and without trailing zeros."""
    text = f"{value:f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def largest_remainder(total: int, weights: Sequence[int]) -> list[int]:
    """Split `total` over `weights`; leftover units go to the largest remainders, ties to the earliest."""
    whole = sum(weights)
    if whole == 0:
        return [0 for _ in weights]
    shares = [total * weight // whole for weight in weights]
    by_remainder = sorted(range(len(weights)), key=lambda i: (-(total * weights[i] % whole), i))
    for i in by_remainder[: total - sum(shares)]:
        shares[i] += 1
    return shares
