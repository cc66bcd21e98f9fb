"""Breaks as a workbook: written for people to fill in, and read back whole or not at all.

Text is written as text, so nothing a source delivered becomes a formula; formulas are refused when it is read.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any, LiteralString
from zipfile import BadZipFile

from orchestration.breaks.telling import BreakRefused, Said, covered_minor, tell
from orchestration.queries import rows_of
from orchestration.words import exponent_of, exponents
from warehouse.connection import connect
from warehouse.errors import WarehouseError

SHEET = "Breaks"
SHOWN = (
    "break",
    "control",
    "class",
    "key",
    "currency",
    "amount",
    "explained",
    "severity",
    "business date",
    "age",
    "owner team",
)
EDITED = ("owner", "status", "explanation", "cause", "explained amount", "evidence", "valid until", "approver")
CHECKED = ("version", "signature")
COLUMNS = (*SHOWN, *EDITED, *CHECKED)
EVENT_OF_STATUS = {
    "acknowledged": "acknowledged",
    "in_progress": "started",
    "resolved_manual": "resolved",
    "resolved_forced": "forced",
    "closed": "closed",
}
MAX_ROWS = 1_000_000
REGISTER: LiteralString = """
    select * from reconciliation.recon_break_register
    where status <> 'expected' and (%(all)s or resolution is null)
    order by severity, abs(amount_minor) desc nulls last, control_id, tracking_key
"""


class WorkbookRefused(WarehouseError):
    """The workbook cannot be taken over; the message has a line for each cell that is wrong. Nothing was recorded."""


@dataclass(frozen=True)
class Row:
    """What a person left in one row: its place, and the text of each column."""

    number: int
    cells: Mapping[str, str | None]

    def __getitem__(self, column: str) -> str | None:
        """Text of a cell, None when it is empty."""
        return self.cells[column]


def export(path: Path, *, everything: bool = False) -> int:
    """Write the breaks that are not resolved (or every one) and say how many."""
    import xlsxwriter

    found = rows_of(REGISTER, {"all": everything})
    decimals = exponents()
    with xlsxwriter.Workbook(path, {"strings_to_formulas": False, "strings_to_urls": False}) as book:
        sheet = book.add_worksheet(SHEET)
        head = book.add_format({"bold": True, "bottom": 1})
        text = book.add_format({"num_format": "@"})
        edited = book.add_format({"num_format": "@", "bg_color": "#FFF8E1"})
        for place, column in enumerate(COLUMNS):
            sheet.write_string(0, place, column, head)
        for number, row in enumerate(found, start=1):
            for place, (column, value) in enumerate(zip(COLUMNS, _cells(row, decimals), strict=True)):
                sheet.write_string(number, place, value, edited if column in EDITED else text)
        sheet.freeze_panes(1, 1)
        sheet.autofilter(0, 0, max(len(found), 1), len(COLUMNS) - 1)
        sheet.set_column(0, len(COLUMNS) - 1, 18)
        first, last = COLUMNS.index("version"), COLUMNS.index("signature")
        sheet.set_column(first, last, 10, None, {"hidden": True})
    return len(found)


def take_over(path: Path, actor: str) -> int:
    """Record what people filled in, all of it or nothing, and say how many events that is.

    Raises WorkbookRefused with sheet, row, column and remedy of everything that is wrong.
    """
    rows = list(_read(path))
    known = {row["break_id"]: row for row in rows_of("select * from reconciliation.recon_break_register")}
    decimals = exponents()
    problems: list[str] = []
    said: list[tuple[Row, Said]] = []
    seen: dict[str, int] = {}
    for row in rows:
        break_id = row["break"] or ""
        state = known.get(break_id)
        if state is None:
            problems.append(
                _at(row, "break", f"{break_id or 'nothing'} is no break; keep the ids as they were exported")
            )
        elif break_id in seen:
            problems.append(_at(row, "break", f"the break is also in row {seen[break_id]}; keep one of the rows"))
        else:
            seen[break_id] = row.number
            found, wrong = _said(row, state, actor, decimals)
            problems.extend(wrong)
            said.extend((row, one) for one in found)
    if problems:
        raise WorkbookRefused("\n".join(problems))
    with connect("closer") as closer:
        for row, one in said:
            try:
                tell(closer, one)
            except BreakRefused as refused:
                closer.rollback()
                raise WorkbookRefused(_at(row, _column_of(one), str(refused))) from refused
    return len(said)


def _said(row: Row, state: Mapping[str, Any], actor: str, decimals: Mapping[str, int]) -> tuple[list[Said], list[str]]:
    """Events that a row asks for, and what is wrong with it."""
    told, problems = [], []
    base = Said(str(row["break"]), "", actor, row["signature"] or "", str(state["severity"]), approver=row["approver"])
    status, explanation = row["status"], row["explanation"]
    if row["owner"] and row["owner"] != state["assignee"]:
        told.append(replace(base, event="assigned", assignee=row["owner"]))
    event = EVENT_OF_STATUS.get(status or "")
    if status and status not in (state["status"], "explained") and event is None:
        allowed = ", ".join(EVENT_OF_STATUS)
        problems.append(_at(row, "status", f"{status} is not a status that people set; write one of {allowed}"))
    elif status and status != state["status"] and event is not None:
        told.append(replace(base, event=event, reason=explanation))
    if explanation and event not in ("resolved", "forced"):
        try:
            told.insert(0, _explanation(row, state, base, decimals))
        except BreakRefused as refused:
            problems.append(_at(row, "explained amount", str(refused)))
        except ValueError:
            problems.append(_at(row, "valid until", f"{row['valid until']} is no date; write it as 2026-12-31"))
    elif not explanation:
        problems.extend(
            _at(row, column, "it belongs to an explanation; write one, or empty this cell")
            for column in ("cause", "explained amount", "evidence", "valid until")
            if row[column]
        )
    return told, problems


def _explanation(row: Row, state: Mapping[str, Any], base: Said, decimals: Mapping[str, int]) -> Said:
    amount = row["explained amount"]
    until = row["valid until"]
    exponent = exponent_of(state["currency"], decimals)
    return replace(
        base,
        event="explained",
        reason=row["explanation"],
        cause=row["cause"],
        evidence=row["evidence"],
        expires_on=date.fromisoformat(until[:10]) if until else None,
        amount_minor=covered_minor(amount, state["amount_minor"], exponent) if amount else None,
    )


def _read(path: Path) -> Iterator[Row]:
    from openpyxl import load_workbook
    from openpyxl.utils.exceptions import InvalidFileException

    try:
        book = load_workbook(path, read_only=True, data_only=False)
    except (BadZipFile, InvalidFileException, KeyError, OSError) as problem:
        raise WorkbookRefused(f"{path.name} cannot be read as a workbook (.xlsx). Export it anew.") from problem
    try:
        if SHEET not in book.sheetnames:
            raise WorkbookRefused(f"{path.name} has no sheet {SHEET}. Export it anew and edit that one.")
        lines = book[SHEET].iter_rows(max_row=MAX_ROWS)
        columns = [str(cell.value or "") for cell in next(lines, ())]
        missing = [column for column in COLUMNS if column not in columns]
        if missing:
            raise WorkbookRefused(
                f"Sheet {SHEET}, row 1: the column {missing[0]} is missing. Keep the first row as it was."
            )
        for number, line in enumerate(lines, start=2):
            row = Row(number, _texts(number, columns, line))
            if any(row.cells.values()):
                yield row
    finally:
        book.close()


def _texts(number: int, columns: Sequence[str], line: Sequence[Any]) -> dict[str, str | None]:
    texts: dict[str, str | None] = dict.fromkeys(COLUMNS)
    for column, cell in zip(columns, line, strict=False):
        if column not in texts:
            continue
        if cell.data_type == "f" and column in EDITED:
            raise WorkbookRefused(f"Sheet {SHEET}, row {number}, column {column}: it is a formula; write its value.")
        texts[column] = _text(cell.value)
    return texts


def _text(value: Any) -> str | None:
    """A cell as text; of a number the digits that the spreadsheet shows."""
    if isinstance(value, datetime):
        return value.date().isoformat()
    return None if value is None else (str(value).strip() or None)


def _cells(row: Mapping[str, Any], decimals: Mapping[str, int]) -> list[str]:
    exponent = exponent_of(row["currency"], decimals)
    shown = [
        row["break_id"],
        row["control_id"],
        row["break_class"],
        row["tracking_key"],
        row["currency"],
        _major(row["amount_minor"], exponent),
        _major(row["explained_minor"], exponent),
        row["severity"],
        row["business_on"],
        row["age_business_days"],
        row["owner"],
    ]
    edited = [row["assignee"], row["status"], None, None, None, None, None, None]
    return ["" if value is None else str(value) for value in (*shown, *edited, row["version"], row["signature"])]


def _major(minor: int | None, exponent: int) -> str:
    return "" if minor is None else f"{Decimal(minor).scaleb(-exponent):.{exponent}f}"


def _column_of(said: Said) -> str:
    return {"assigned": "owner", "explained": "explanation"}.get(said.event, "status")


def _at(row: Row, column: str, problem: str) -> str:
    return f"Sheet {SHEET}, row {row.number}, column {column}: {problem.rstrip('.')}."
