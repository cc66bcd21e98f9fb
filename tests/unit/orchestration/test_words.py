"""Figures on screen read as an accountant writes them."""

from decimal import Decimal

import pytest

from orchestration.words import count, money, quantity, share


@pytest.mark.parametrize(
    ("minor", "currency", "exponent", "shown"),
    [
        (123450, "usd", 2, "USD 1,234.50"),
        (-99, "usd", 2, "USD (0.99)"),
        (0, "eur", 2, "EUR 0.00"),
        (1306652, "jpy", 0, "JPY 1,306,652"),
        (-1500, "kwd", 3, "KWD (1.500)"),
        (None, "usd", 2, "-"),
        (5, "xxx", 2, "-"),
        (10**20 + 1, "usd", 2, "USD 1,000,000,000,000,000,000.01"),
    ],
)
def test_amounts_have_separators_parentheses_and_always_a_currency(minor, currency, exponent, shown):
    assert money(minor, currency, exponent) == shown


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        (Decimal(1), "100.00 %"),
        (Decimal("0.999999"), "99.99 %"),
        (Decimal("0.634797"), "63.48 %"),
        (Decimal("0.000001"), "< 0.01 %"),
        (Decimal(0), "0.00 %"),
        (None, "-"),
    ],
)
def test_a_share_is_whole_only_when_it_is_all_and_nothing_only_when_it_is_nothing(value, shown):
    assert share(value) == shown


def test_quantities_lose_needless_zeros_and_keep_their_sign():
    assert [quantity(Decimal(text)) for text in ("1200.500", "-3.0", "10")] == ["1,200.5", "(3)", "10"]
    assert quantity(None) == "-"


def test_numbers_agree_with_their_nouns():
    assert [count(number, "break") for number in (0, 1, 1204)] == ["0 breaks", "1 break", "1,204 breaks"]
