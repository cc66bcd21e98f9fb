import json
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ingestion.sources import json_text


def test_an_element_keeps_every_digit_it_was_sent_with():
    page = '{"data": [{"id":"a","amount":1.10},\n {"id":"b","amount":0.1000000000000000055511}], "has_more":false}'
    assert json_text.array_member(page, "data") == [
        '{"id":"a","amount":1.10}',
        '{"id":"b","amount":0.1000000000000000055511}',
    ]


def test_decimals_are_parsed_exactly():
    assert json_text.parse(' {"a": 1.10} ') == {"a": Decimal("1.10")}


def test_an_empty_list_and_an_empty_object_have_nothing_in_them():
    assert json_text.array_member('{"data" : [ ] }', "data") == []
    assert list(json_text.members(" { } ")) == []


def test_a_line_break_inside_a_string_stays_an_escape():
    assert json_text.one_line('{\n  "a": "x\\ny",\r\n  "b": 1\n}') == '{ "a": "x\\ny", "b": 1 }'


@pytest.mark.parametrize("text", ['{"data": [1, 2', '{"data": 1}', "[]", '{"other": []}', "{1: []}", "[" * 100_000])
def test_what_is_not_a_list_of_objects_says_so(text):
    with pytest.raises(json_text.JsonTextError):
        json_text.array_member(text, "data")


@given(
    st.lists(st.recursive(st.none() | st.integers() | st.text(), lambda x: st.lists(x) | st.dictionaries(st.text(), x)))
)
def test_cutting_apart_loses_nothing(values):

    text = json.dumps({"before": "[", "data": values, "after": {"data": [1]}}, indent=2)
    assert [json_text.parse(part) for part in json_text.array_member(text, "data")] == values
