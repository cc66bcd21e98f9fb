"""Usage events: strict per event, and in columns for whole blocks with the same outcome; only declared fields land."""

import json
from datetime import UTC, datetime
from decimal import Decimal

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from ingestion.formats import cloudevents, cloudevents_parquet, strict_json
from ingestion.formats.cloudevents import strict_event, withheld
from ingestion.meters import Meter
from ingestion.records import BadRecord, FileRefused
from tests.unit.ingestion.delivered import source

BOOK = {
    "call": Meter("call", "calls", ("region", "tier")),
    "egress": Meter("egress", "gb", ("region",), minimum=Decimal(-1), maximum=Decimal("2000000.5"), decimals=3),
    "doc": Meter("doc", None, ()),
}
GOOD = {
    "specversion": "1.0",
    "id": "e1",
    "source": "//api",
    "type": "call",
    "subject": "acc_1",
    "time": "2026-10-27T10:00:00Z",
    "data": {"calls": 3, "region": "eu", "tier": "gold"},
}


def event(**changes):
    return {name: value for name, value in {**GOOD, **changes}.items() if value is not ...}


def line(**changes):
    return json.dumps(event(**changes))


def read(folder, lines, book=BOOK):
    """Rows and rejects of a file of these lines."""
    return together(cloudevents.read_lines(source(folder, "u.jsonl", "".join(f"{one}\n" for one in lines)), book))


def together(parts):
    rows, rejects = [], []
    for part in parts:
        rows.extend(part.events.to_pylist())
        rejects.extend(part.rejects)
    return sorted(rows, key=lambda row: row["line_no"]), sorted(rejects, key=lambda one: one.line_no)


def test_an_event_lands_with_its_declared_fields_alone(tmp_path):
    given_line = line(
        recordedtime="2026-10-27T10:00:02Z", data={**GOOD["data"], "email": "canary@example.com"}, extra="x"
    )
    rows, rejects = read(tmp_path, [given_line])
    assert rejects == []
    assert rows == [
        {
            "line_no": 1,
            "source": "//api",
            "event_id": "e1",
            "event_type": "call",
            "subject": "acc_1",
            "occurred_at": datetime(2026, 10, 27, 10, tzinfo=UTC),
            "recorded_at": datetime(2026, 10, 27, 10, 0, 2, tzinfo=UTC),
            "quantity": Decimal("3.000000000"),
            "dimensions": '{"region":"eu","tier":"gold"}',
        }
    ]


def test_an_event_of_a_counting_meter_counts_one_whatever_its_data(tmp_path):
    rows, _ = read(tmp_path, [line(type="doc", data={"pages": 12}), line(type="doc", data=...)])
    assert [(row["quantity"], row["dimensions"]) for row in rows] == [(1, None), (1, None)]


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"id": ...}, "missing_attribute"),
        ({"id": ""}, "missing_attribute"),
        ({"id": 5}, "missing_attribute"),
        ({"source": None}, "missing_attribute"),
        ({"subject": ...}, "missing_attribute"),
        ({"time": ...}, "missing_attribute"),
        ({"id": "x" * 1025}, "bad_attribute"),
        ({"specversion": "0.3"}, "specversion"),
        ({"specversion": ...}, "specversion"),
        ({"time": "2026-10-27 10:00"}, "bad_time"),
        ({"time": "2026-10-27T24:00:01Z"}, "bad_time"),
        ({"recordedtime": "yesterday"}, "bad_time"),
        ({"type": "unheard"}, "unknown_meter"),
        ({"data": "calls=3"}, "bad_data"),
        ({"data": {}}, "missing_quantity"),
        ({"data": None}, "missing_quantity"),
        ({"data": {"calls": None}}, "missing_quantity"),
        ({"data": {"calls": True}}, "bad_quantity"),
        ({"data": {"calls": "NaN"}}, "bad_quantity"),
        ({"data": {"calls": "Infinity"}}, "bad_quantity"),
        ({"data": {"calls": "1_000"}}, "bad_quantity"),
        ({"data": {"calls": "١٢٣"}}, "bad_quantity"),
        ({"data": {"calls": " 3"}}, "bad_quantity"),
        ({"data": {"calls": "1.0000000001"}}, "bad_quantity"),
        ({"data": {"calls": 10**30}}, "bad_quantity"),
        ({"data": {"calls": [3]}}, "bad_quantity"),
        ({"data": {"calls": 3, "region": {"name": "eu"}}}, "bad_dimension"),
    ],
)
def test_what_is_wrong_with_an_event_is_named(change, reason):
    with pytest.raises(BadRecord) as refused:
        strict_event(event(**change), BOOK)
    assert refused.value.reason == reason


@pytest.mark.parametrize(
    ("quantity", "expected"), [(3, "3"), ("3.50", "3.5"), (-2, "-2"), ("0.000000001", "1e-9"), ("+5", "5"), ("-0", "0")]
)
def test_quantities_are_exact_decimals_from_numbers_and_texts(quantity, expected):
    assert strict_event(event(data={"calls": quantity}), BOOK).quantity == Decimal(expected)


@pytest.mark.parametrize(
    ("quantity", "words"),
    [
        ("-1", None),
        ("-1.001", "below -1, the minimum_quantity"),
        ("0", None),
        ("0.001", None),
        ("0.0010", None),
        ("0.0011", "more than 3 decimals"),
        ("2000000.5", None),
        ("2000000.501", "above 2000000.5, the maximum_quantity"),
        ("9" * 29, "above"),
    ],
)
def test_a_meter_declares_which_quantities_are_its_own(quantity, words):
    value = event(type="egress", data={"gb": quantity})
    if words is None:
        assert strict_event(value, BOOK).quantity == Decimal(quantity)
        return
    with pytest.raises(BadRecord, match=words) as refused:
        strict_event(value, BOOK)
    assert refused.value.reason == "bad_quantity"


def test_quantities_that_are_none_of_their_meter_are_set_aside_one_by_one_in_lines_and_in_parquet(tmp_path):
    amounts = ["1.5", "-2", "0.0001", "7"] * 50
    events = [event(id=f"e{at}", type="egress", data={"gb": gb, "region": "eu"}) for at, gb in enumerate(amounts)]
    rows, rejects = read(tmp_path, [json.dumps(one) for one in events])
    assert (len(rows), [one.reason for one in rejects]) == (100, ["bad_quantity"] * 100)
    assert parquet(tmp_path, events)[0] == rows


def test_what_quarantine_keeps_of_an_event_holds_declared_fields_alone():
    canary = "canary@example.com"
    bad = event(
        type="call", data={"calls": "x", "region": "eu", "email": canary, "nested": {"card": canary}}, note=canary
    )
    kept = withheld(bad, BOOK)
    assert canary not in kept
    assert strict_json.parse(kept)["data"] == {"calls": "x", "region": "eu"}
    assert strict_json.parse(kept)["withheld_fields"] == 3
    assert canary not in withheld(event(type="unheard", data={"email": canary}), BOOK)
    assert canary not in withheld(event(subject={"email": canary}), BOOK)
    assert canary not in withheld([canary], BOOK)


def test_a_line_that_cannot_be_parsed_keeps_none_of_its_bytes(tmp_path):
    _, (reject,) = read(tmp_path, ['{"data":{"email":"canary@example.com"'])
    assert reject.reason == "json"
    assert "canary" not in reject.raw + reject.detail


def test_batches_on_a_line_and_batches_as_a_document_give_their_events_one_place_each(tmp_path):
    rows, rejects = read(tmp_path, [f"[{line(id='a')},{line(id='b')},7]", line(id="c")])
    assert [(row["line_no"], row["event_id"]) for row in rows] == [(1, "a"), (2, "b"), (4, "c")]
    assert [(one.line_no, one.reason) for one in rejects] == [(3, "not_an_object")]
    document = source(tmp_path, "u.json", f"[{line(id='a')},\n{line(id='b')}]")
    assert [row["event_id"] for row in together(cloudevents.read_document(document, BOOK))[0]] == ["a", "b"]


def test_a_block_that_ends_within_a_line_loses_nothing(tmp_path, monkeypatch):
    lines = [line(id=f"e{number}") for number in range(500)]
    expected = read(tmp_path, lines)
    for size in (7, 200, 4096):
        monkeypatch.setattr(cloudevents, "BLOCK_BYTES", size)
        assert read(tmp_path, lines) == expected


def one_by_one(folder, content):
    """The outcome by the strict path alone."""
    reader = cloudevents._LineReader(source(folder, "u.jsonl", b""), BOOK)
    reader._columns.usable = False
    return together([reader.block(content)])


TEXTS = st.sampled_from(["eu", "", "é", 'quo"te', "back\\slash", "tab\t", "x" * 1025, "\u2028", "NaN"])
QUANTITIES = st.one_of(
    st.integers(-(10**40), 10**40),
    st.decimals(allow_nan=False, allow_infinity=False, places=11).map(str),
    st.sampled_from(
        [
            None,
            True,
            "1e5",
            "1E-3",
            "5.",
            ".5",
            "+7",
            "-0",
            " 5",
            "",
            "NaN",
            "1_0",
            "٣",
            1.5,
            1e22,
            [1],
            {"a": 1},
            "0x1F",
        ]
    ),
)
TIMES = st.sampled_from(
    [
        "2026-10-27T10:00:00Z",
        "2026-10-27T10:00:00.5Z",
        "2026-10-27T10:00:00.123456789Z",
        "2026-10-27t10:00:00z",
        "2026-10-27T10:00:00+05:30",
        "2026-10-27T10:00:00-00:00",
        "2026-10-27T10:00:60Z",
        "2026-10-27T10:59:60Z",
        "2026-10-27T24:00:00Z",
        "2026-02-30T00:00:00Z",
        "2026-10-27T10:00:00",
        "1969-12-31T23:59:59Z",
        "2200-01-01T00:00:00Z",
        "",
        None,
        7,
        "2026-10-27T10:00:00+24:00",
        "2026-10-27 10:00:00Z",
    ]
)
CHANGES = st.one_of(
    st.fixed_dictionaries({"id": st.one_of(TEXTS, st.none(), st.integers())}),
    st.fixed_dictionaries({"type": st.sampled_from(["call", "egress", "doc", "unheard", "", None])}),
    st.fixed_dictionaries({"time": TIMES}),
    st.fixed_dictionaries({"recordedtime": TIMES}),
    st.fixed_dictionaries({"specversion": st.sampled_from(["1.0", "1", None])}),
    st.fixed_dictionaries({"unexpected": st.one_of(TEXTS, st.integers(), st.none(), st.lists(st.integers()))}),
    st.fixed_dictionaries(
        {
            "type": st.sampled_from(["call", "egress", "doc"]),
            "data": st.one_of(
                st.none(),
                st.just("text"),
                st.dictionaries(
                    st.sampled_from(["calls", "gb", "region", "tier", "email"]),
                    st.one_of(QUANTITIES, TEXTS),
                    max_size=5,
                ),
            ),
        }
    ),
)
ODD_LINES = st.sampled_from(
    [
        "",
        "   ",
        "{}",
        "[]",
        "null",
        "{",
        "}",
        "}{",
        f"{line()}{line()}",
        f"[{line()}]",
        '{"id":"a","id":"b"}',
        '{"data":{"calls":1,"calls":2}}',
        '{"data":\n',
        line()[:-1] + ',"x":NaN}',
        line()[:-1] + ',"x":1,"x":2}',
        line(id="nul\u0000"),
        line(id="a\\u0000"),
        '{"id":"\\ud800"}',
        line()[:-1] + ',"x":{"k":1,"k":2}}',
        line()[:-1] + ',"data":{"calls":1}}',
        "\x00",
        line()[:-1] + ',"x":1e999}',
        f" {line()} ",
    ]
)


def test_clean_lines_take_the_column_path(tmp_path, monkeypatch):
    monkeypatch.setattr(cloudevents._LineReader, "_one_by_one", lambda *_: pytest.fail("read line by line"))
    lines = [line(id=f"e{number}", data={"calls": number, "email": "a@b.c"}) for number in range(300)]
    assert len(read(tmp_path, lines)[0]) == 300


@settings(max_examples=60, deadline=None)
@given(st.lists(st.one_of(CHANGES.map(lambda change: line(**change)), ODD_LINES), min_size=1, max_size=12), st.data())
@example(["{}"] * 3, None)
def test_columns_and_lines_read_the_same(tmp_path_factory, odd, data):
    folder = tmp_path_factory.mktemp("events")
    lines = [
        line(
            id=f"e{number}",
            type=("call", "egress", "doc")[number % 3],
            data={"calls": number, "gb": "1.5", "region": "eu"},
        )
        for number in range(150)
    ]
    for one in odd:
        place = data.draw(st.integers(0, len(lines))) if data else 70
        lines.insert(place, one)
    content = "".join(f"{one}\n" for one in lines).encode()
    by_columns = together([cloudevents._LineReader(source(folder, "u.jsonl", b""), BOOK).block(content)])
    assert by_columns == one_by_one(folder, content)
    places = [row["line_no"] for row in by_columns[0]] + [one.line_no for one in by_columns[1]]
    assert len(set(places)) == len(places)


def parquet(folder, rows, **types):
    table = pa.Table.from_pylist(rows)
    for name, kind in types.items():
        table = table.set_column(table.schema.get_field_index(name), name, table.column(name).cast(kind))
    pq.write_table(table, folder / "u.parquet")
    return together(cloudevents_parquet.read(source_of(folder / "u.parquet"), BOOK))


def source_of(path):
    from ingestion.formats.streams import Source

    return Source(path, path.name)


def test_parquet_gives_the_same_events_as_json_lines(tmp_path):
    events = [event(id=f"e{number}", data={"calls": number, "region": "eu", "tier": None}) for number in range(200)]
    by_lines = read(tmp_path, [json.dumps(one) for one in events])
    assert parquet(tmp_path, events) == by_lines
    as_text = [{**one, "data": json.dumps(one["data"])} for one in events]
    assert parquet(tmp_path, as_text) == by_lines
    as_times = [{**one, "time": datetime(2026, 10, 27, 10, tzinfo=UTC)} for one in events]
    assert parquet(tmp_path, as_times) == by_lines


def test_parquet_rows_are_judged_one_by_one_too(tmp_path):
    events = [event(id="good"), event(id="", data=GOOD["data"]), event(id="late", type="unheard"), event(id="g2")]
    rows, rejects = parquet(tmp_path, events)
    assert [row["event_id"] for row in rows] == ["good", "g2"]
    assert [(one.line_no, one.reason) for one in rejects] == [(2, "missing_attribute"), (3, "unknown_meter")]


def test_parquet_with_floating_quantities_or_without_an_attribute_is_refused(tmp_path):
    for rows in ([event(data={"calls": 1.5})], [event(subject=...)]):
        with pytest.raises(FileRefused) as refused:
            parquet(tmp_path, rows)
        assert refused.value.reason == "schema"


def test_a_file_that_is_no_parquet_or_was_cut_is_refused(tmp_path):
    pq.write_table(pa.Table.from_pylist([event()] * 1000), tmp_path / "u.parquet")
    whole = (tmp_path / "u.parquet").read_bytes()
    for content in (b"PAR1", whole[:-100], b""):
        with pytest.raises(FileRefused) as refused:
            list(cloudevents_parquet.read(source(tmp_path, "u.parquet", content), BOOK))
        assert refused.value.reason == "format"


@pytest.mark.parametrize("blank", ["\n", "\r\n", " \n"])
def test_lines_without_anything_cost_nothing_and_count_as_lines(tmp_path, blank):
    content = blank * 3_000_000 + line(id="e1") + "\n"
    (found,), rejects = together(cloudevents.read_lines(source(tmp_path, "u.jsonl", content), BOOK))
    assert (found["event_id"], found["line_no"], rejects) == ("e1", 3_000_001, [])


def test_many_short_lines_are_set_aside_in_parts_that_fit_the_memory(tmp_path, monkeypatch):
    monkeypatch.setattr(cloudevents, "MOST_LINES", 1_000)
    lines = ["x", *(line(id=f"e{number}") for number in range(2)), "y"] * 900
    parts = list(cloudevents.read_lines(source(tmp_path, "u.jsonl", "".join(f"{one}\n" for one in lines)), BOOK))
    assert len(parts) == 4
    assert max(len(part.rejects) + part.events.num_rows for part in parts) == 1_000
    rows, rejects = together(parts)
    assert [row["line_no"] for row in rows] == [at for at, one in enumerate(lines, start=1) if one not in ("x", "y")]
    assert [one.line_no for one in rejects] == [at for at, one in enumerate(lines, start=1) if one in ("x", "y")]
