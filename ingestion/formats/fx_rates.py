"""FX rates: long (``date,from,to,rate,source``), or the ECB's wide layout (``Date,USD,JPY,...`` per 1 EUR) unfolded."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from datetime import datetime

from ingestion.formats import strict_csv
from ingestion.formats.streams import Source
from ingestion.records import BadRecord, FileRefused, Record, Reject
from ingestion.timestamps import day

NO_RATE = frozenset({"", "N/A", "-"})  # how the ECB writes "no rate that day"
COLUMNS_A_LINE = 1000
CURRENCY = re.compile("[A-Z]{3}")
LONG_COLUMNS = ("date", "from", "to", "rate")


def read(source: Source) -> Iterator[Record | Reject]:
    """One record a day and currency. In the wide layout the place of a rate is line times 1000 plus column."""
    day_column: int | None = None  # of the wide layout; the ECB puts it first, a spreadsheet may not

    def check(columns: list[str]) -> None:
        nonlocal day_column
        names = [name.strip() for name in columns]
        days = [index for index, name in enumerate(names) if name.lower() == "date" and "from" not in columns]
        day_column = days[0] if days else None
        strange = [name for name in names if days and name and name.lower() != "date" and not CURRENCY.fullmatch(name)]
        if strange:
            raise FileRefused(
                "schema", f"{source.label}: the column {strange[0]!r} is no currency; the ECB's layout has Date,USD,..."
            )
        missing = [name for name in LONG_COLUMNS if name not in columns]
        if day_column is None and missing:
            raise FileRefused(
                "schema",
                f"{source.label}: neither the ECB's layout (Date,USD,...) nor date,from,to,rate: no {missing[0]}",
            )

    for line_no, row, columns in strict_csv.rows(source, check, trailing_comma=True):
        if isinstance(row, Reject):
            place = line_no if day_column is None else line_no * COLUMNS_A_LINE
            yield Reject(place, row.reason, row.detail, row.raw)
        elif day_column is not None:
            yield from _unfolded(source, line_no, row, columns, day_column)
        else:
            fields = {name: value or None for name, value in zip(columns, row, strict=True)}
            yield Record(line_no, dict(fields), json.dumps(fields, ensure_ascii=False))


def _unfolded(
    source: Source, line_no: int, row: list[str], columns: list[str], day_column: int
) -> Iterator[Record | Reject]:
    raw = ",".join(row)
    try:
        on = _ecb_day(row[day_column].strip())
    except BadRecord as bad:
        yield Reject(line_no * COLUMNS_A_LINE, bad.reason, f"{source.at(line_no)}: {bad.detail}", raw)
        return
    for index, (name, cell) in enumerate(zip(columns, row, strict=True)):
        value = cell.strip()
        if index == day_column or not name.strip() or value in NO_RATE:
            continue
        fields = {"date": on, "from": "EUR", "to": name.strip(), "rate": value, "source": "ECB"}
        yield Record(line_no * COLUMNS_A_LINE + index, dict(fields), json.dumps(fields))


def _ecb_day(text: str) -> str:
    """ISO date of ``2026-10-28``, or of ``28 October 2026`` as in the ECB's daily file."""
    try:
        return day(text).isoformat()
    except BadRecord:
        try:
            return datetime.strptime(text, "%d %B %Y").date().isoformat()  # noqa: DTZ007  a day has no zone
        except ValueError:
            raise BadRecord("bad_date", f"{text!r} is no day such as 2026-10-28") from None
