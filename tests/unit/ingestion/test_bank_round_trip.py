"""A statement written in any format reads back with the same lines; one that was cut never reads back shorter."""

from __future__ import annotations

import tempfile
from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ingestion.formats import bai2, bank_csv, camt053, mt940
from ingestion.formats.streams import Source
from ingestion.records import FileRefused
from tests.unit.ingestion import bank_files
from tests.unit.ingestion.bank_files import Day, Line
from tests.unit.ingestion.delivered import records

READERS = {
    "camt.053": ("s.xml", camt053.read, bank_files.camt053),
    "mt940": ("s.sta", mt940.read, bank_files.mt940),
    "bai2": ("s.bai", bai2.read, bank_files.bai2),
    "csv": ("s.csv", bank_csv.read, bank_files.as_csv),
}
WORDS = st.text("ABCDEFGHIJ KLMNO0123456789", min_size=3, max_size=40).map(lambda text: f"T{' '.join(text.split())}X")
LINES = st.builds(
    Line,
    amount=st.one_of(st.integers(-(10**11), -1), st.integers(1, 10**11)),
    reference=st.text("ABCDEFXYZ0123456789", min_size=4, max_size=12),
    text=WORDS,
)
DAYS = st.builds(
    Day,
    number=st.integers(1, 99_999),
    on=st.dates(date(2015, 1, 1), date(2030, 12, 31)),
    opening=st.integers(-(10**12), 10**12),
    lines=st.lists(LINES, min_size=1, max_size=6),
)


def read(kind: str, content: bytes):
    """What the reader makes of a file with this content: its records, or none when the file is refused."""
    name, reader, _ = READERS[kind]
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / name
        path.write_bytes(content)
        try:
            return list(reader(Source(path, name)))
        except FileRefused:
            return []


def lines_of(statement):
    """Amount, reference and whether the text is there, of every entry."""
    return [
        (Decimal(one["amount"]), one["end_to_end_id"] or one["entry_ref"], one["description"])
        for one in statement["entries"]
    ]


@pytest.mark.parametrize("kind", READERS)
@settings(max_examples=40, deadline=None)
@given(day=DAYS)
def test_a_statement_reads_back_line_for_line(kind, day):
    (statement,) = records(read(kind, READERS[kind][2](day)))
    assert lines_of(statement) == [(Decimal(line.amount).scaleb(-2), line.reference, line.text) for line in day.lines]
    assert Decimal(statement["opening_balance"]) == Decimal(day.opening).scaleb(-2)
    assert Decimal(statement["closing_balance"]) == Decimal(day.closing).scaleb(-2)
    assert statement["currency"] == "eur"
    assert statement["account"] == bank_files.ACCOUNT


@pytest.mark.parametrize("kind", ["camt.053", "mt940", "bai2"])
@settings(max_examples=40, deadline=None)
@given(day=DAYS, place=st.integers(0, 10**6))
def test_a_statement_cut_anywhere_lands_whole_or_not_at_all(kind, day, place):
    content = READERS[kind][2](day)
    whole = records(read(kind, content))
    cut = records(read(kind, content[: place % len(content)]))
    assert cut in ([], whole)


@settings(max_examples=40, deadline=None)
@given(day=DAYS, place=st.integers(0, 10**6))
def test_a_csv_lands_only_when_it_was_cut_between_rows_and_then_says_the_smaller_balance(day, place):
    # A CSV has no end of its own: what tells a cut between rows is its manifest, and the next opening balance.
    content = bank_files.as_csv(day)
    cut = content[: place % len(content)]
    for statement in records(read("csv", cut)):
        rows = len(statement["entries"])
        assert cut == b"".join(content.splitlines(keepends=True)[: rows + 1])
        assert Decimal(statement["closing_balance"]) == Decimal(
            day.opening + sum(line.amount for line in day.lines[:rows])
        ).scaleb(-2)


@pytest.mark.parametrize("kind", ["camt.053", "mt940", "bai2"])
@settings(max_examples=40, deadline=None)
@given(day=DAYS, by=st.one_of(st.integers(-1000, -1), st.integers(1, 1000)))
def test_a_statement_whose_closing_balance_is_not_its_sum_does_not_land(kind, day, by):
    wrong = Day(day.number, day.on, day.opening, day.lines, misstated_by=by)
    assert records(read(kind, READERS[kind][2](wrong))) == []


@settings(max_examples=40, deadline=None)
@given(day=DAYS, which=st.integers(0, 5))
def test_a_csv_without_one_of_its_inner_rows_does_not_land(day, which):
    rows = bank_files.as_csv(day).splitlines(keepends=True)
    if len(rows) > 3:
        missing = 2 + which % (len(rows) - 3)
        assert records(read("csv", b"".join(rows[:missing] + rows[missing + 1 :]))) == []
