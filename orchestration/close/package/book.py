"""A workbook whose figures are exact, whose formulas are live, and whose bytes depend on nothing but what it says.

Amounts go in as whole minor units and are written as exact decimals, never through a float. A spreadsheet holds every
number as a double, which keeps 15 digits: an amount that needs more is refused, not rounded. Each formula is written
with its result, so that a viewer that does not calculate shows the same as one that does.
"""

from __future__ import annotations

import io
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from typing import Any

import xlsxwriter
from xlsxwriter.utility import xl_rowcol_to_cell

from orchestration.close.closing import CloseRefused

# Whole numbers and decimals of fewer digits come out of a double as they went in.
DIGITS_OF_A_DOUBLE = 15
LONGEST_TEXT = 32_000
LINE_HEIGHT = 14
# What a spreadsheet may take for a formula when a person edits the cell, or when the sheet is saved as text.
STARTS_A_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n")
WHAT_CHECKS_ARE = (
    "Amounts in units of their currency, negatives in parentheses. Green cells are differences and have to be 0."
)
CONTROL = re.compile(r"[\x00-\x1f]")
# Where the symbols of control characters begin.
SYMBOLS = 0x2400
FONT = {"font_name": "Calibri", "font_size": 10, "valign": "vcenter"}
STYLES: Mapping[str, Mapping[str, Any]] = {
    "title": {"bold": True, "font_size": 16, "font_color": "#1F3864"},
    "subtitle": {"font_color": "#595959"},
    "note": {"italic": True, "font_color": "#595959"},
    "section": {"bold": True, "font_size": 12, "font_color": "#1F3864"},
    "header": {"bold": True, "bg_color": "#1F3864", "font_color": "#FFFFFF", "text_wrap": True, "border": 1},
    "header_number": {
        "bold": True,
        "bg_color": "#1F3864",
        "font_color": "#FFFFFF",
        "text_wrap": True,
        "border": 1,
        "align": "right",
    },
    "text": {},
    "wrapped": {"text_wrap": True, "valign": "top"},
    "label": {"bold": True, "valign": "top"},
    "mono": {"font_name": "Consolas", "valign": "top"},
    "number": {},
    "total": {"bold": True, "top": 1, "bottom": 6},
    "check": {"font_color": "#375623", "bg_color": "#E2EFDA"},
    "failed": {"font_color": "#FFFFFF", "bg_color": "#C00000", "bold": True},
}


@dataclass(frozen=True)
class Money:
    """An amount in minor units of a currency (lower-case ISO); ``formula`` computes it where it is not given."""

    minor: int
    currency: str
    formula: str | None = None


@dataclass(frozen=True)
class Check:
    """A difference that has to be 0: ``formula`` gives it, in ``currency`` (None: a count). ``minor`` is its result."""

    minor: int
    currency: str | None
    formula: str


@dataclass(frozen=True)
class Count:
    """A whole number without a currency; ``formula`` computes it where it is not given."""

    value: int
    formula: str | None = None


Value = str | Money | Check | Count | None


@dataclass
class Checks:
    """The check cells of a sheet (column, row), and how many are not 0."""

    cells: list[tuple[int, int]] = field(default_factory=list)
    not_zero: int = 0

    def ranges(self) -> list[tuple[int, int, int]]:
        """The cells as column, first row and last row of what stands in one piece."""
        found: list[tuple[int, int, int]] = []
        for column, row in sorted(self.cells):
            if found and found[-1][0] == column and found[-1][2] == row - 1:
                found[-1] = (column, found[-1][1], row)
            else:
                found.append((column, row, row))
        return found


class Sheet:
    """One sheet, written from the top down; rows and columns count from 0."""

    def __init__(self, book: Book, name: str, worksheet: Any, widths: Sequence[int]) -> None:
        self.book, self.name, self.worksheet = book, name, worksheet
        self.row = 0
        self.checks = Checks()
        self._widths, self._lines = widths, 1
        for column, width in enumerate(widths):
            worksheet.set_column(column, column, width)

    def here(self, column: int, row: int | None = None) -> str:
        """The address of a cell of the current row, as this sheet's formulas write it."""
        return str(xl_rowcol_to_cell(self.row if row is None else row, column))

    def there(self, column: int, row: int | None = None) -> str:
        """The same as formulas of other sheets write it, with dollars."""
        address = xl_rowcol_to_cell(self.row if row is None else row, column, row_abs=True, col_abs=True)
        return f"{quoted(self.name)}!{address}"

    def title(self, title: str, *notes: str) -> None:
        """What the sheet is, and how it is read."""
        self._text(0, title, "title")
        self._next()
        self._text(0, self.book.subtitle, "subtitle")
        self._next()
        for note in notes:
            self._text(0, note, "note")
            self._next()
        self._next()

    def section(self, title: str) -> None:
        """The heading of one table of several."""
        self._text(0, title, "section")
        self._next()

    def note(self, text: str) -> None:
        """A sentence below a table, or instead of one."""
        self._text(0, text, "note")
        self._next()

    def gap(self) -> None:
        """An empty row."""
        self._next()

    def header(self, *names: str, texts: int = 1, freeze: int | None = None) -> None:
        """Names of columns, the first ``texts`` of texts; ``freeze`` keeps them and so many columns in view."""
        for column, name in enumerate(names):
            self._text(column, name, "header" if column < texts else "header_number")
        self._lines = max(self._lines, 2)
        if freeze is not None:
            self.worksheet.freeze_panes(self.row + 1, freeze)
            self.worksheet.repeat_rows(self.row)
        self._next()

    def filter_from(self, header_row: int, columns: int) -> None:
        """A filter over a table that ends above the current row."""
        self.worksheet.autofilter(header_row, 0, max(self.row - 1, header_row), columns - 1)

    def line(self, *values: Value, style: str | None = None) -> int:
        """One row of values from the first column on; its number. ``style`` is for totals."""
        for column, value in enumerate(values):
            self._write(column, value, style)
        self._next()
        return self.row - 1

    def fact(self, name: str, value: str, style: str = "text") -> None:
        """A name and its value beside it."""
        self._text(0, name, "label")
        self._text(1, value, style)
        self._next()

    def verdict(self, row: int, column: int, of: int, *, holds: bool) -> None:
        """In words what the check cell in column ``of`` of a row says."""
        formula = f'=IF({self.here(of, row)}=0,"ties","DOES NOT TIE")'
        said = "ties" if holds else "DOES NOT TIE"
        self.worksheet.write_formula(row, column, formula, self.book.format("label"), said)

    def _write(self, column: int, value: Value, style: str | None) -> None:
        if isinstance(value, str):
            self._text(column, value, style or "text")
        elif isinstance(value, Check):
            self._check(column, value)
        elif isinstance(value, Money):
            exponent = self.book.exponent(value.currency)
            chosen = self.book.format(style or "number", exponent)
            self._number(column, self.book.major(value.minor, value.currency), value.formula, chosen)
        elif isinstance(value, Count):
            self._number(column, Decimal(value.value), value.formula, self.book.format(style or "number", 0))
        elif style is not None:
            self.worksheet.write_blank(self.row, column, None, self.book.format(style))

    def _check(self, column: int, value: Check) -> None:
        exponent = 0 if value.currency is None else self.book.exponent(value.currency)
        result = Decimal(value.minor).scaleb(-exponent)
        self._number(column, result, f"ROUND({value.formula},{exponent})", self.book.format("check", exponent))
        self.worksheet.conditional_format(
            self.row,
            column,
            self.row,
            column,
            {"type": "cell", "criteria": "!=", "value": 0, "format": self.book.format("failed", exponent)},
        )
        self.checks.cells.append((column, self.row))
        self.checks.not_zero += value.minor != 0

    def _number(self, column: int, result: Decimal, formula: str | None, chosen: Any) -> None:
        if formula is None:
            self.worksheet.write_number(self.row, column, result, chosen)
        else:
            self.worksheet.write_formula(self.row, column, f"={formula}", chosen, result)

    def _text(self, column: int, text: str, style: str) -> None:
        shown = readable(text)
        starts_a_formula = text.startswith(STARTS_A_FORMULA)
        chosen = self.book.format(style, quoted_text=starts_a_formula)
        if STYLES[style].get("text_wrap") and column < len(self._widths):
            self._lines = max(self._lines, -(-len(shown) // self._widths[column]))
        self.worksheet.write_string(self.row, column, shown, chosen)

    def _next(self) -> None:
        """The row below; a row of wrapped text is as high as its text."""
        if self._lines > 1:
            self.worksheet.set_row(self.row, LINE_HEIGHT * self._lines)
        self.row, self._lines = self.row + 1, 1


class Book:
    """The workbook. ``created`` is the one moment it states: that of the closing."""

    def __init__(self, title: str, subtitle: str, created: datetime, exponents: Mapping[str, int]) -> None:
        self.subtitle = subtitle
        self._exponents = exponents
        self._bytes = io.BytesIO()
        options = {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False}
        self._workbook = xlsxwriter.Workbook(self._bytes, options)
        self._workbook.set_properties({"title": title, "author": "tieout", "created": created.replace(tzinfo=None)})
        self._workbook.set_size(2400, 1500)
        self._formats: dict[tuple[str, int | None, bool], Any] = {}
        self.sheets: list[Sheet] = []

    def sheet(self, name: str, widths: Sequence[int]) -> Sheet:
        """A new sheet at the end, set up for printing."""
        worksheet = self._workbook.add_worksheet(name)
        worksheet.hide_gridlines(2)
        worksheet.set_landscape()
        worksheet.set_paper(9)
        worksheet.fit_to_pages(1, 0)
        worksheet.set_margins(left=0.5, right=0.5, top=0.6, bottom=0.7)
        worksheet.set_footer(f"&L&8{self.subtitle.replace('&', '&&')}&C&8&A&R&8Page &P of &N")
        made = Sheet(self, name, worksheet, widths)
        self.sheets.append(made)
        return made

    def exponent(self, currency: str) -> int:
        """Decimals of a currency."""
        if currency not in self._exponents:
            raise CloseRefused(
                f"The decimals of {currency.upper()} are not known: seeds/currencies.csv has no such row."
            )
        return self._exponents[currency]

    def major(self, minor: int, currency: str) -> Decimal:
        """An amount in units of its currency. Raises CloseRefused for one that a spreadsheet cannot hold exactly."""
        if len(str(abs(minor))) > DIGITS_OF_A_DOUBLE:
            raise CloseRefused(
                f"{minor} minor units of {currency.upper()} have more than the {DIGITS_OF_A_DOUBLE} digits that a "
                "spreadsheet keeps: no workbook is written that would show another amount. The figures are in the "
                "marts: tieout status"
            )
        return Decimal(minor).scaleb(-self.exponent(currency))

    def format(self, style: str, exponent: int | None = None, *, quoted_text: bool = False) -> Any:
        """A style, with the number format of so many decimals; ``quoted_text`` stays text when it is edited."""
        key = (style, exponent, quoted_text)
        if key not in self._formats:
            properties = {**FONT, **STYLES[style]}
            if exponent is not None:
                digits = "#,##0" + ("." + "0" * exponent if exponent else "")
                properties["num_format"] = f"{digits}_);({digits})"
            if quoted_text:
                properties["quote_prefix"] = True
            self._formats[key] = self._workbook.add_format(properties)
        return self._formats[key]

    def first(self, sheet: Sheet) -> None:
        """The sheet that opens."""
        sheet.worksheet.activate()

    def finish(self) -> bytes:
        """The file."""
        self._workbook.close()
        return self._bytes.getvalue()


def readable(text: str) -> str:
    """A text as a cell shows it: control characters as their symbols, and not longer than a cell takes."""
    shown = CONTROL.sub(lambda found: chr(SYMBOLS + ord(found[0])), text)
    return shown if len(shown) <= LONGEST_TEXT else f"{shown[:LONGEST_TEXT]}… (cut)"


def quoted(name: str) -> str:
    """The name of a sheet as a formula writes it."""
    return "'" + name.replace("'", "''") + "'"


def elsewhere(sheet: Sheet, column: int, first: int, last: int) -> str:
    """Rows of a column as other sheets name them."""
    return f"{sheet.there(column, first)}:{sheet.there(column, last).split('!')[1]}"


def span(sheet: Sheet, column: int, first: int, last: int) -> str:
    """Rows of a column of the same sheet."""
    return f"{sheet.here(column, first)}:{sheet.here(column, last)}"


def words(name: str) -> str:
    """A name of the warehouse as people write it."""
    text = name.replace("_", " ")
    return text[:1].upper() + text[1:]
