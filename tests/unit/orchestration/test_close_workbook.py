"""Cells of the close workbook: exact amounts or none, texts that stay texts, and bytes that are always the same."""

from __future__ import annotations

import io
from datetime import UTC, datetime
from decimal import Decimal

import openpyxl
import pytest

from orchestration.close.closing import CloseRefused
from orchestration.close.package.book import Book, Check, Count, Money, readable

CLOSED_AT = datetime(2026, 4, 3, 12, 30, tzinfo=UTC)


def book() -> Book:
    return Book("Close package", "main, March 2026", CLOSED_AT, {"usd": 2, "jpy": 0, "bhd": 3})


def test_an_amount_is_in_units_of_its_currency_to_the_last_digit():
    made = book()
    sheet = made.sheet("Amounts", [20])
    amounts = [
        Money(1, "usd"),
        Money(-123_456_789_012_345, "usd"),
        Money(999_999_999_999_999, "bhd"),
        Money(999_999_999_999_999, "jpy"),
        Money(0, "usd"),
    ]
    for amount in amounts:
        sheet.line(amount)
    shown = openpyxl.load_workbook(io.BytesIO(made.finish()))["Amounts"]
    assert [Decimal(str(row[0].value)) for row in shown.iter_rows()] == [
        Decimal(amount.minor).scaleb(-made.exponent(amount.currency)) for amount in amounts
    ]
    assert [row[0].number_format for row in shown.iter_rows()][2:4] == ["#,##0.000_);(#,##0.000)", "#,##0_);(#,##0)"]


@pytest.mark.parametrize("minor", [10**15, -(10**15), 2**53 + 1])
def test_an_amount_that_a_spreadsheet_would_round_is_refused(minor):
    sheet = book().sheet("Amounts", [20])
    with pytest.raises(CloseRefused, match="more than the 15 digits that a spreadsheet keeps"):
        sheet.line(Money(minor, "usd"))


def test_a_currency_without_known_decimals_is_refused():
    with pytest.raises(CloseRefused, match=r"The decimals of XAU are not known"):
        book().sheet("Amounts", [20]).line(Money(1, "xau"))


@pytest.mark.parametrize(
    "text",
    ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1", '=HYPERLINK("http://x.invalid")', "{=1}", "_x0041_", "plain"],
)
def test_a_text_is_a_text_whatever_it_begins_with(text):
    made = book()
    made.sheet("Texts", [20]).line(text)
    cell = openpyxl.load_workbook(io.BytesIO(made.finish()))["Texts"]["A1"]
    assert (cell.data_type, cell.quotePrefix) == ("s", text[0] in "=+-@\t\r")
    assert cell.value.replace("\u2409", "\t").replace("\u240d", "\r") == text


def test_a_text_longer_than_a_cell_is_cut_and_says_so():
    assert readable("x" * 40_000).endswith("x… (cut)")


def test_checks_are_counted_and_those_that_are_not_zero():
    made = book()
    sheet = made.sheet("Checks", [20, 20])
    sheet.line(Count(1), Check(0, "usd", "A1-1"))
    sheet.line(Count(2), Check(1, None, "A2-1"))
    assert (sheet.checks.ranges(), sheet.checks.not_zero) == ([(1, 0, 1)], 1)


def test_the_same_content_gives_the_same_bytes():
    def made() -> bytes:
        one = book()
        one.sheet("Amounts", [20]).line("a", Money(1, "usd"), Money(1, "usd", "B1"))
        return one.finish()

    assert made() == made()
