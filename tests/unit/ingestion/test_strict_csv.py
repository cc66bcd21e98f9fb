"""I5 to I8, I10, I14: what a lenient CSV reader lets through."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ingestion.formats import strict_csv
from ingestion.formats.streams import Source
from ingestion.records import FileRefused
from tests.unit.ingestion.delivered import fates, records, rejects, source

NULLS = frozenset({"#N/A"})


def read(folder, content, nulls=NULLS):
    return list(strict_csv.read(source(folder, "a.csv", content), nulls, lambda _: None))


def test_every_value_is_text_as_it_was_written(tmp_path):
    found = records(read(tmp_path, "a,b,c,d,e,f\n00123,1e5,NA,null, x ,١٢\n"))
    assert found == [{"a": "00123", "b": "1e5", "c": "NA", "d": "null", "e": " x ", "f": "١٢"}]


def test_empty_values_and_the_systems_own_null_are_null(tmp_path):
    (record,) = read(tmp_path, 'a,b,c\n,#N/A,""\n')
    assert json.loads(record.payload) == {"a": None, "b": None, "c": None}


def test_a_ragged_row_costs_itself_alone(tmp_path):
    found = read(tmp_path, "a,b\n1,2\n1,2,3\n1\n3,4\n")
    assert fates(found) == [(2, {"a": "1", "b": "2"}), (3, "ragged_row"), (4, "ragged_row"), (5, {"a": "3", "b": "4"})]


def test_an_unclosed_quote_does_not_swallow_the_rows_below_it(tmp_path):
    found = read(tmp_path, 'a,b\n1,"x\n2,y\n3,"z"\n4,w\n')
    assert fates(found) == [
        (2, "unclosed_quote"),
        (3, {"a": "2", "b": "y"}),
        (4, {"a": "3", "b": "z"}),
        (5, {"a": "4", "b": "w"}),
    ]
    assert found[0].raw == '1,"x'


def test_an_unclosed_quote_in_the_last_row_is_quarantined(tmp_path):
    assert fates(read(tmp_path, 'a,b\n1,2\n3,"4')) == [(2, {"a": "1", "b": "2"}), (3, "unclosed_quote")]


def test_a_quoted_value_may_span_lines_and_hold_commas_and_quotes(tmp_path):
    found = read(tmp_path, 'a,b\r\n1,"two\r\nlines, and ""quotes"""\r\n2,x\r\n')
    assert fates(found) == [(2, {"a": "1", "b": 'two\r\nlines, and "quotes"'}), (4, {"a": "2", "b": "x"})]


@pytest.mark.parametrize("row", ['1,"x"y', '1,x"y"', 'x"'])
def test_a_stray_quote_is_quarantined_or_kept_as_it_is_but_never_lost(tmp_path, row):
    found = read(tmp_path, f"a,b\n{row}\n2,y\n")
    assert found[-1].fields == {"a": "2", "b": "y"}
    assert len(found) == 2


def test_a_byte_order_mark_is_no_part_of_the_first_column(tmp_path):
    assert records(read(tmp_path, b"\xef\xbb\xbfid,x\r\n1,2\r\n")) == [{"id": "1", "x": "2"}]


def test_nul_and_foreign_bytes_are_quarantined_with_their_place(tmp_path):
    found = read(tmp_path, b"a,b\n1,\x00\n2,caf\xe9\n3,ok\n")
    assert [one.reason for one in rejects(found)] == ["nul", "encoding"]
    assert found[0].detail.startswith("a.csv:2: ")
    assert records(found) == [{"a": "3", "b": "ok"}]


@pytest.mark.parametrize("content", ["", "\n\n", "a,a\n1,2\n", "a,,b\n1,2,3\n", 'a,"b\n1,2\n'])
def test_a_file_without_a_usable_header_is_refused(tmp_path, content):
    with pytest.raises(FileRefused) as refused:
        read(tmp_path, content)
    assert refused.value.reason == "schema"


def test_a_header_alone_is_an_empty_extract(tmp_path):
    assert read(tmp_path, "a,b\n") == []


TEXT = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\x00"), max_size=12)


@given(rows=st.lists(st.lists(TEXT, min_size=2, max_size=2), max_size=8))
def test_whatever_a_csv_writer_writes_reads_back(tmp_path_factory, rows):
    import csv
    import io

    written = io.StringIO(newline="")
    writer = csv.writer(written)
    writer.writerow(["a", "b"])
    writer.writerows(rows)
    found = list(
        strict_csv.read(
            source(tmp_path_factory.mktemp("csv"), "a.csv", written.getvalue()), frozenset(), lambda _: None
        )
    )
    assert [list(one.fields.values()) for one in found] == [[a or None, b or None] for a, b in rows]


@given(content=st.text(st.sampled_from('a1,"\n\r é'), max_size=60))
def test_every_line_that_is_not_blank_is_in_some_record(tmp_path_factory, content):
    place: Source = source(tmp_path_factory.mktemp("csv"), "a.csv", "h1,h2\n" + content)
    found = list(strict_csv.read(place, frozenset(), lambda _: None))
    lines = [number for number, line in enumerate(("h1,h2\n" + content).encode().split(b"\n"), 1) if line.strip()][1:]
    starts = [one.line_no for one in found]
    assert starts == sorted(set(starts))
    assert set(starts) <= set(lines)
    # a line that starts no record belongs to the one above it, which was accepted with a value over several lines
    for line in set(lines) - set(starts):
        owner = max(found, key=lambda one: (one.line_no < line, one.line_no if one.line_no < line else 0))
        assert any("\n" in value or "\r" in value for value in getattr(owner, "fields", {}).values() if value)
