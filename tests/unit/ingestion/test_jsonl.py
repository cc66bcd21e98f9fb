"""JSON lines and list pages: every line is a record or a reject that says where and why."""

import pytest

from ingestion.formats import jsonl
from ingestion.records import FileRefused
from tests.unit.ingestion.delivered import fates, records, rejects, source


def test_a_bad_line_costs_itself_alone(tmp_path):
    found = list(jsonl.read_lines(source(tmp_path, "a.jsonl", '{"id":"1"}\n{"id":"2"\n\n{"id":"3"}\n[1]\n7\nnull\n')))
    assert fates(found) == [
        (1, {"id": "1"}),
        (2, "json"),
        (4, {"id": "3"}),
        (5, "not_an_object"),
        (6, "not_an_object"),
        (7, "not_an_object"),
    ]
    assert found[1].detail.startswith("a.jsonl:2: ")
    assert found[1].raw == '{"id":"2"'


def test_the_payload_is_the_line_as_it_was_delivered(tmp_path):
    (record,) = jsonl.read_lines(source(tmp_path, "a.jsonl", '{"z": 1.10, "a" : 1e2}\n'))
    assert record.payload == '{"z": 1.10, "a" : 1e2}'


@pytest.mark.parametrize("content", [b'\xef\xbb\xbf{"id":"1"}\r\n{"id":"2"}', b'{"id":"1"}\n{"id":"2"}\n'])
def test_a_byte_order_mark_windows_line_ends_and_a_missing_last_one_change_nothing(tmp_path, content):
    assert records(jsonl.read_lines(source(tmp_path, "a.jsonl", content))) == [{"id": "1"}, {"id": "2"}]


def test_bytes_that_are_no_utf8_are_quarantined_with_their_place_and_kept_readable(tmp_path):
    (bad,) = rejects(jsonl.read_lines(source(tmp_path, "a.jsonl", b'{"id":"caf\xe9"}\n')))
    assert (bad.reason, bad.raw) == ("encoding", '{"id":"caf\\xe9"}')
    assert "byte 11 " in bad.detail


def test_a_nul_byte_is_quarantined_and_its_text_can_be_stored(tmp_path):
    (bad,) = rejects(jsonl.read_lines(source(tmp_path, "a.jsonl", b'{"id":"a\x00b"}\n')))
    assert bad.reason == "nul"
    assert "\x00" not in bad.raw


def test_utf16_is_refused_as_a_whole(tmp_path):
    with pytest.raises(FileRefused, match="UTF-16"):
        list(jsonl.read_lines(source(tmp_path, "a.jsonl", '{"id":"1"}\n'.encode("utf-16"))))


def test_pages_of_suiteql_and_of_stripe_give_their_records(tmp_path):
    pages = '{"items":[{"id":"1","amount":"1.10"},{"id":"2"}],"hasMore":true}\n{"items":[{"id":"3"}],"hasMore":false}\n'
    found = list(jsonl.read_lines(source(tmp_path, "a.jsonl", pages)))
    assert fates(found) == [(1, {"id": "1", "amount": "1.10"}), (2, {"id": "2"}), (3, {"id": "3"})]
    listed = source(tmp_path, "a.json", '{"object":"list","data":[{"id":"in_1","object":"invoice","total":1.50}]}')
    (record,) = jsonl.read_document(listed)
    assert record.payload == '{"id":"in_1","object":"invoice","total":1.50}'


def test_a_document_that_was_cut_is_refused_as_a_whole(tmp_path):
    with pytest.raises(FileRefused) as refused:
        list(jsonl.read_document(source(tmp_path, "a.json", '{"items":[{"id":"1"},{"id"')))
    assert refused.value.reason == "format"
