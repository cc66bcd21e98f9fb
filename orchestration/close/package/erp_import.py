"""The journal of a closed month for the ERP: a summary to import, and the lines behind each of its lines.

Amounts are in the currency of the transactions; the ERP converts, realises and revalues itself. So lines that have an
amount in functional currency alone are not transferred: the detail lists them without an External ID.

A month that was reopened is transferred again: what was posted since under External IDs of its own, what was there
before under those that it had, line by line the same. So an import of the whole file books everything once.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal
from itertools import groupby
from typing import Any, LiteralString

import psycopg
from psycopg.rows import dict_row

from orchestration.close.package.book import STARTS_A_FORMULA
from orchestration.close.package.recorded import ClosedMonth, Row

COLUMNS = (
    "External ID",
    "Date",
    "Subsidiary",
    "Currency",
    "Posting Period",
    "Memo",
    "Account",
    "Debit",
    "Credit",
)
DETAIL_COLUMNS = (
    "External ID",
    "Import Line",
    "Line ID",
    "Sequence",
    "Belongs To",
    "Entry",
    "Revision",
    "Rule",
    "Source System",
    "Source ID",
    "Customer",
    "Invoice",
    "Invoice Line",
    "Booked On",
    "Subledger Account",
    "Account",
    "Currency",
    "Debit",
    "Credit",
    "Functional Currency",
    "Functional Debit",
    "Functional Credit",
    "Line Hash",
)
MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
# closing_lines: how many lines each closing of the month ended with; a line is of the first closing that has it.
SUMMARY: LiteralString = """
    select
        1 + (select count(*) from unnest(%(closing_lines)s::bigint[]) as known (lines) where lines < sequence)
            as closing_no,
        currency,
        gl_account,
        gl_name,
        amount_minor > 0 as is_debit,
        count(*) as line_count,
        sum(debit_minor)::bigint as debit_minor,
        sum(credit_minor)::bigint as credit_minor
    from marts.fct_journal_lines
    where entity = %(entity)s and posted_period = %(period)s and amount_minor <> 0
    group by closing_no, currency, gl_account, gl_name, is_debit
    order by closing_no, currency collate "C", gl_account collate "C", gl_name collate "C", is_debit desc
"""
LINES: LiteralString = """
    select
        1 + (select count(*) from unnest(%(closing_lines)s::bigint[]) as known (lines) where lines < sequence)
            as closing_no,
        line_id::text as line_id, sequence, original_period, entry_key, revision, rule, source_system, source_id,
        customer_id, invoice_id, invoice_line_id, booked_on, account, gl_account, gl_name, currency, amount_minor,
        debit_minor, credit_minor, functional_currency,
        greatest(functional_minor, 0) as functional_debit_minor,
        greatest(-functional_minor, 0) as functional_credit_minor,
        line_hash
    from marts.fct_journal_lines
    where entity = %(entity)s and posted_period = %(period)s
    order by sequence
"""


@dataclass(frozen=True)
class ImportLine:
    """One line of the import file: all lines of the journal of one side, GL account and currency of a closing."""

    external_id: str
    number: int
    gl_account: str
    gl_name: str
    currency: str
    debit_minor: int
    credit_minor: int
    line_count: int


@dataclass(frozen=True)
class Journal:
    """What is transferred, and how many lines of functional currency alone are not."""

    lines: Sequence[ImportLine]
    not_transferred: int
    numbers: dict[tuple[Any, ...], ImportLine]


def read_journal(connection: psycopg.Connection[Any], month: ClosedMonth) -> Journal:
    """The journal of a month summarised for the ERP, as the caller's transaction sees it."""
    with connection.cursor(row_factory=dict_row) as cursor:
        rows = cursor.execute(SUMMARY, _asked(month)).fetchall()
    numbers: dict[tuple[Any, ...], ImportLine] = {}
    for _, of_document in groupby(rows, key=lambda row: (row["closing_no"], row["currency"])):
        for number, row in enumerate(of_document, start=1):
            numbers[_place(row, is_debit=row["is_debit"])] = ImportLine(
                external_id=_external_id(month, row["closing_no"], row["currency"]),
                number=number,
                gl_account=row["gl_account"],
                gl_name=row["gl_name"],
                currency=row["currency"],
                debit_minor=row["debit_minor"],
                credit_minor=row["credit_minor"],
                line_count=row["line_count"],
            )
    lines = list(numbers.values())
    transferred = sum(line.line_count for line in lines)
    return Journal(lines, month.closing["line_count"] - transferred, numbers)


def import_file(month: ClosedMonth, journal: Journal) -> bytes:
    """The CSV that the ERP imports; debits are credits within each External ID."""
    last_day = _last_day(month)
    posting_period = f"{MONTHS[month.period.month - 1]} {month.period.year}"
    rows = [
        (
            line.external_id,
            last_day,
            month.entity,
            line.currency.upper(),
            posting_period,
            f"tieout subledger {month.period:%Y-%m}, line {line.number}: {line.line_count} journal lines",
            line.gl_account,
            _decimal(line.debit_minor, month.exponent(line.currency)) if line.debit_minor else "",
            _decimal(line.credit_minor, month.exponent(line.currency)) if line.credit_minor else "",
        )
        for line in journal.lines
    ]
    return b"".join(_csv([COLUMNS, *rows]))


def detail_file(connection: psycopg.Connection[Any], month: ClosedMonth, journal: Journal) -> Iterator[bytes]:
    """The CSV of every line of the month with the line of the import file that holds it, in order of the chain."""
    yield from _csv([DETAIL_COLUMNS])
    # on the server's side: a month may have more lines than memory
    with connection.cursor("detail", row_factory=dict_row) as cursor:
        cursor.itersize = 10_000
        cursor.execute(LINES, _asked(month))
        yield from _csv(_detail(month, journal, row) for row in cursor)


def _detail(month: ClosedMonth, journal: Journal, row: Row) -> list[str]:
    exponent, functional = month.exponent(row["currency"]), month.exponent(row["functional_currency"])
    line = journal.numbers[_place(row, is_debit=row["amount_minor"] > 0)] if row["amount_minor"] else None
    texts = ("entry_key", "revision", "rule", "source_system", "source_id", "customer_id", "invoice_id")
    return [
        line.external_id if line else "",
        f"{line.number}" if line else "",
        row["line_id"],
        f"{row['sequence']}",
        f"{row['original_period']:%Y-%m}",
        *[_text(row[name]) for name in texts],
        _text(row["invoice_line_id"]),
        _text(row["booked_on"]),
        row["account"],
        row["gl_account"],
        row["currency"].upper(),
        _decimal(row["debit_minor"], exponent),
        _decimal(row["credit_minor"], exponent),
        row["functional_currency"].upper(),
        _decimal(row["functional_debit_minor"], functional),
        _decimal(row["functional_credit_minor"], functional),
        row["line_hash"],
    ]


def _asked(month: ClosedMonth) -> dict[str, Any]:
    lines = [closing["line_count"] for closing in month.closings]
    return {"entity": month.entity, "period": month.period, "closing_lines": lines}


def _place(row: Row, *, is_debit: bool) -> tuple[Any, ...]:
    return row["closing_no"], row["currency"], row["gl_account"], row["gl_name"], is_debit


def _external_id(month: ClosedMonth, closing_no: int, currency: str) -> str:
    return f"tieout-{month.entity}-{month.period:%Y-%m}-{closing_no}-{currency}"


def _last_day(month: ClosedMonth) -> str:
    after = (month.period.replace(day=28) + timedelta(days=4)).replace(day=1)
    return f"{after - timedelta(days=1)}"


def _decimal(minor: int, exponent: int) -> str:
    return f"{Decimal(minor).scaleb(-exponent):f}"


def _text(value: Any) -> str:
    """An id as text; an apostrophe stands before one that a spreadsheet would take for a formula."""
    text = "" if value is None else f"{value}"
    return f"'{text}" if text.startswith(STARTS_A_FORMULA) else text


def _csv(rows: Any) -> Iterator[bytes]:
    buffer = io.StringIO()
    writer = csv.writer(buffer, lineterminator="\r\n")
    for row in rows:
        writer.writerow(row)
        yield buffer.getvalue().encode("utf-8")
        buffer.seek(0)
        buffer.truncate()
