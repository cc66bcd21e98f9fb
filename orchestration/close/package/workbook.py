"""The workbook of a close package: evidence first, then every schedule of the month, tied to the trial balance.

Figures are presented here, not computed: what a formula gives is also given by the books, and a check cell beside it
has to be 0. ``SHEETS`` is the order of the sheets after the first.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from orchestration.close.package.book import Book, Check, Count, Sheet, elsewhere, span, words
from orchestration.close.package.erp_import import Journal
from orchestration.close.package.recorded import ClosedMonth, Row
from orchestration.close.package.sheets_of_books import (
    Ties,
    add_erp_journal,
    add_flux,
    add_journal,
    add_late_facts,
    add_rollforwards,
    add_trial_balance,
)
from orchestration.close.package.sheets_of_reports import (
    add_ageing,
    add_controls,
    add_gates,
    add_obligations,
    add_recurring,
    add_tax,
    add_waterfall,
)


@dataclass(frozen=True)
class Workbook:
    """The file, the number of check cells of its sheets, and what of them is not 0 (sheet and number)."""

    content: bytes
    checks: int
    not_zero: dict[str, int]


def make_workbook(month: ClosedMonth, journal: Journal) -> Workbook:
    """The workbook of a closed month. Raises CloseRefused for an amount that a spreadsheet cannot hold."""
    name = f"{month.entity}, {month.period:%B %Y}"
    book = Book(f"Close package {name}", f"{name} · closed {_moment(month.closing)}", _when(month), month.exponents)
    evidence = book.sheet("Evidence", [34, 78, 14, 14, 60])
    book.first(evidence)
    ties = add_trial_balance(book, month)
    for make in SHEETS:
        make(book, month, ties)
    add_erp_journal(book, month, ties, journal)
    add_late_facts(book, month)
    add_controls(book, month)
    add_gates(book, month)
    _evidence(evidence, book, month)
    checked = [sheet for sheet in book.sheets if sheet is not evidence]
    not_zero = {sheet.name: sheet.checks.not_zero for sheet in checked if sheet.checks.not_zero}
    return Workbook(book.finish(), sum(len(sheet.checks.cells) for sheet in checked), not_zero)


def _evidence(sheet: Sheet, book: Book, month: ClosedMonth) -> None:
    closing, evidence = month.closing, month.closing["evidence"]
    sheet.title(
        f"Close package {month.entity} {month.period:%Y-%m}", "What the other sheets rest on, and how they tie."
    )
    sheet.section("The closing")
    sheet.fact("Company", month.entity)
    sheet.fact("Month", f"{month.period:%Y-%m}")
    sheet.fact("Prepared by", closing["preparer"])
    sheet.fact("Approved by", closing["approver"])
    sheet.fact("Closed at", _moment(closing))
    sheet.fact("Database login", closing["login"])
    sheet.fact("Version of tieout", closing["code_version"])
    sheet.fact("Everything known by", f"{closing['as_of']:%Y-%m-%d %H:%M:%S} UTC" if closing["as_of"] else "")
    sheet.fact("Last delivery (number)", f"{closing['load_seq']:,}")
    deliveries = ", ".join(f"{system} {day}" for system, day in sorted(evidence["deliveries"].items()))
    sheet.fact("Delivered through", deliveries, "wrapped")
    sheet.fact("Lines of the month", f"{closing['line_count']:,}")
    sheet.gap()
    sheet.section("Digests (SHA-256): the same in the database, the PDF and the manifest")
    sheet.fact("Chain head", closing["chain_head"], "mono")
    sheet.fact("Trial balance", closing["trial_balance_sha256"], "mono")
    sheet.fact("Reports", evidence["reports"]["sha256"], "mono")
    sheet.fact(f"Event {closing['event_no']} of the books", closing["event_hash"], "mono")
    sheet.gap()
    _check_summary(sheet, book)
    sheet.section("Gates")
    for status in ("passed", "waived", "not checked"):
        gates = [gate["gate"] for gate in evidence["gates"] if gate["status"] == status]
        if gates:
            sheet.fact(f"{status.capitalize()} ({len(gates)})", ", ".join(gates), "wrapped")
    sheet.gap()
    sheet.section("Policies in force on the last day of the month")
    for row in month.reports.get("policies", []):
        sheet.fact(words(row["policy"]), f"{row['value']} (since {row['valid_from']})")
    sheet.gap()
    sheet.section("History of the month")
    for event in month.events:
        who = event["preparer"] + (f", approved by {event['approver']}" if event["approver"] else "")
        why = f": {event['reason']}" if event["reason"] else ""
        sheet.fact(f"{event['event'].capitalize()} {_moment(event)}", f"{who}{why}", "wrapped")
    sheet.gap()
    sheet.note(
        "Amounts were written from whole minor units. A spreadsheet keeps numbers as doubles of 15 digits: an amount "
        "that needs more would have been refused, and differences are rounded to the currency's decimals."
    )


def _check_summary(sheet: Sheet, book: Book) -> None:
    sheet.section("Checks: every one has to be 0")
    sheet.header("Sheet", "Verdict", "Checks", "Not zero", texts=2)
    first = sheet.row
    for made in book.sheets:
        ranges = [elsewhere(made, column, top, end) for column, top, end in made.checks.ranges()]
        if not ranges:
            continue
        count, wrong = len(made.checks.cells), made.checks.not_zero
        sheet.line(
            made.name,
            None,
            Count(count, "+".join(f"ROWS({cells})" for cells in ranges)),
            Check(wrong, None, "+".join(f"SUMPRODUCT(--({cells}<>0))" for cells in ranges)),
        )
        sheet.verdict(sheet.row - 1, 1, 3, holds=wrong == 0)
    last = sheet.row - 1
    checks = [len(made.checks.cells) for made in book.sheets if made is not sheet and made.checks.cells]
    wrong = sum(made.checks.not_zero for made in book.sheets if made is not sheet)
    sheet.line(
        "All sheets",
        None,
        Count(sum(checks), f"SUM({span(sheet, 2, first, last)})"),
        Check(wrong, None, f"SUM({span(sheet, 3, first, last)})"),
        style="total",
    )
    sheet.verdict(sheet.row - 1, 1, 3, holds=wrong == 0)
    sheet.gap()


SHEETS: tuple[Callable[[Book, ClosedMonth, Ties], None], ...] = (
    add_rollforwards,
    add_waterfall,
    add_ageing,
    add_obligations,
    add_tax,
    add_recurring,
    add_flux,
    add_journal,
)


def _when(month: ClosedMonth) -> Any:
    return month.closing["happened_at"].replace(microsecond=0)


def _moment(event: Row) -> str:
    return f"{event['happened_at']:%Y-%m-%d %H:%M:%S} UTC"
