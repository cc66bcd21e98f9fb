"""Repeats within a file, late and future events; the hashes that tell repeats."""

import json
from datetime import date
from decimal import Decimal

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ingestion import usage
from ingestion.formats import cloudevents
from ingestion.meters import Meter, delivered_meters, meter_book
from ingestion.records import FileRefused
from ingestion.stores import store_at
from tests.unit.ingestion.delivered import source

BOOK = {"call": Meter("call", "calls", ("region",))}
DAY = date(2026, 10, 28)


def line(number=1, time="2026-10-27T10:00:00Z", calls=1, **data):
    return json.dumps(
        {
            "specversion": "1.0",
            "id": f"e{number}",
            "source": "//api",
            "type": "call",
            "subject": "acc_1",
            "time": time,
            "data": {"calls": calls, **data},
        }
    )


def read(folder, lines, max_age_days=400):
    content = "".join(f"{one}\n" for one in lines)
    return list(usage.read(source(folder, "u.jsonl", content), BOOK, DAY, max_age_days))


def totals(parts):
    return (
        sum(part.accepted.num_rows for part in parts),
        sum(part.duplicate for part in parts),
        sum(len(part.rejects) for part in parts),
        sum(len(part.late) for part in parts),
    )


def test_an_exact_repetition_is_a_duplicate_and_the_first_one_stays(tmp_path):
    parts = read(tmp_path, [line(1), line(2), line(1), line(1)])
    assert totals(parts) == (2, 2, 0, 0)
    assert parts[0].accepted.column("line_no").to_pylist() == [1, 2]


def test_the_same_identity_with_other_content_is_no_duplicate(tmp_path):
    variants = [line(1), line(1, calls=2), line(1, region="eu"), line(1, time="2026-10-27T10:00:01Z")]
    assert totals(read(tmp_path, variants)) == (4, 0, 0, 0)


@settings(deadline=None)
@given(st.lists(st.tuples(st.integers(0, 5), st.sampled_from(["//api", "//ap", "i"]), st.integers(1, 3)), max_size=30))
def test_accepted_events_have_one_number_exactly_when_they_have_one_identity(tmp_path_factory, events):
    lines = [{**json.loads(line(number, calls=calls)), "source": origin} for number, origin, calls in events]
    halves = lines[: len(lines) // 2], lines[len(lines) // 2 :]
    found = [
        part.accepted
        for half in halves
        for part in read(tmp_path_factory.mktemp("events"), map(json.dumps, half))
        if part.accepted.num_rows
    ]
    columns = ("source", "event_id", "identity_hash")
    told = {row for table in found for row in zip(*(table.column(one).to_pylist() for one in columns), strict=True)}
    assert len(told) == len({row[:2] for row in told}) == len({row[2] for row in told})


def test_repeats_are_found_across_blocks(tmp_path, monkeypatch):
    monkeypatch.setattr(cloudevents, "BLOCK_BYTES", 1000)
    lines = [line(number) for number in range(300)]
    assert totals(read(tmp_path, [*lines, *reversed(lines), *lines])) == (300, 600, 0, 0)


def test_late_and_future_events_are_set_aside_with_their_declared_fields(tmp_path):
    lines = [
        line(1, time="2025-09-22T23:59:59Z"),
        line(2, time="2025-09-23T00:00:00Z"),
        line(3, time="2026-10-29T23:59:59Z"),
        line(4, time="2026-10-30T00:00:00Z", email="canary@example.com"),
    ]
    (part,) = read(tmp_path, lines)
    assert [one.reason for one in part.late] == ["late_excluded"]
    assert [(one.reason, one.line_no, one.record_id) for one in part.rejects] == [("future_dated", 4, "//api|e4")]
    assert part.accepted.column("event_id").to_pylist() == ["e2", "e3"]
    assert "canary" not in part.rejects[0].raw


def test_a_file_in_which_every_line_lacks_an_attribute_is_refused(tmp_path):
    renamed = line().replace('"subject"', '"customer"')
    with pytest.raises(FileRefused) as refused:
        read(tmp_path, [renamed] * 3)
    assert refused.value.reason == "schema"
    assert totals(read(tmp_path, [renamed, line()])) == (1, 0, 1, 0)


@settings(deadline=None)
@given(st.lists(st.lists(st.integers(0, 40), max_size=30), max_size=8))
def test_seen_events_tells_every_repeat_and_nothing_else(blocks):
    seen = usage.SeenEvents()
    known = set()
    for block in blocks:
        numbers = np.array(block, np.uint64)
        again = seen.repeats(numbers * np.uint64(7919), numbers)
        expected = []
        for number in block:
            expected.append(number in known)
            known.add(number)
        assert again.tolist() == expected


@settings(deadline=None)
@given(st.lists(st.text(max_size=40), max_size=60))
def test_texts_have_equal_hashes_exactly_when_they_are_equal(texts):
    texts = [text.encode("utf-8", "replace").decode() for text in texts]
    first, second = usage._text_hashes(pa.array(["skipped", *texts], pa.string()).slice(1))
    assert len(set(zip(first.tolist(), second.tolist(), strict=True))) == len(set(texts))


def test_meters_come_from_the_landing_folder_and_bad_entries_do_not_count(tmp_path):
    folder = tmp_path / "catalog" / "meters" / "2026-10-28"
    folder.mkdir(parents=True)
    (folder / "meters.yaml").write_text(
        "meters:\n"
        "  - {meter_code: a, event_type: call, aggregation: sum, quantity_field: calls, dimensions: [region]}\n"
        "  - {meter_code: b, event_type: page, aggregation: count, quantity_field: pages}\n"
        "  - {meter_code: c, event_type: bad, aggregation: sum}\n"
    )
    (folder / "broken.yaml").write_text("meters: [")
    book = meter_book(entry for _, entry in delivered_meters(store_at(tmp_path)))
    assert book == {"call": Meter("call", "calls", ("region",)), "page": Meter("page", None, ())}


def test_a_later_version_of_a_meter_names_the_quantity_and_dimensions_add_up():
    old = {"event_type": "call", "aggregation": "sum", "quantity_field": "n", "dimensions": ["a"]}
    new = {"event_type": "call", "aggregation": "sum", "quantity_field": "calls", "dimensions": ["b"]}
    assert meter_book([old, new]) == {"call": Meter("call", "calls", ("a", "b"))}


def test_the_last_version_of_a_meter_says_which_quantities_are_its_own():
    entry = {"event_type": "call", "aggregation": "sum", "quantity_field": "calls"}
    bounded = {**entry, "minimum_quantity": "0", "maximum_quantity": "9.5", "quantity_decimals": 1}
    assert meter_book([entry, bounded]) == {"call": Meter("call", "calls", (), Decimal(0), Decimal("9.5"), 1)}
    assert meter_book([bounded, entry]) == {"call": Meter("call", "calls", ())}
