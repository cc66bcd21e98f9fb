"""I11: what a lenient JSON reader lets through, and jsonb then keeps without a word."""

import json
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ingestion.formats import strict_json
from ingestion.records import BadRecord


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ('{"a": NaN}', "not_a_number"),
        ('{"a": Infinity}', "not_a_number"),
        ('{"a": -Infinity}', "not_a_number"),
        ('{"a": 1e400}', "number_out_of_range"),
        ('{"a": 1e-400}', "number_out_of_range"),
        ('{"a": 1e999999999}', "number_out_of_range"),
        ('{"a": ' + "9" * 5000 + "}", "number_out_of_range"),
        ('{"a": 1, "a": 2}', "duplicate_key"),
        ('{"a": {"b": 1, "b": 1}}', "duplicate_key"),
        ('{"a": ' + "[" * 200_000 + "]" * 200_000 + "}", "too_deep"),
        ('{"a": ' + '{"a": ' * 150 + "1" + "}" * 150 + "}", "too_deep"),
        ('{"a": "x\\u0000y"}', "nul"),
        ('{"x\\u0000y": 1}', "nul"),
        ('{"a": "\\ud800"}', "encoding"),
        ('{"a": 1', "json"),
        ('{"a": 1} x', "json"),
        ("{'a': 1}", "json"),
        ('{"a": 01}', "json"),
        ('{"a": +1}', "json"),
        ('{"a": "tab\tinside"}', "json"),
        ("", "json"),
    ],
)
def test_a_text_that_is_not_strict_json_is_refused_with_its_reason(text, reason):
    with pytest.raises(BadRecord) as refused:
        strict_json.parse(text)
    assert refused.value.reason == reason


def test_numbers_keep_every_digit():
    value = strict_json.parse('{"a": 1.10, "b": 12345678901234567890123456789.000000001, "c": 0.1}')
    assert value == {"a": Decimal("1.10"), "b": Decimal("12345678901234567890123456789.000000001"), "c": Decimal("0.1")}
    assert strict_json.dump(value) == '{"a":1.10,"b":12345678901234567890123456789.000000001,"c":0.1}'


def test_brackets_inside_a_text_are_no_depth():
    assert strict_json.parse(json.dumps({"a": "[" * 500})) == {"a": "[" * 500}
    assert strict_json.depth('["[[[", {"a": "]\\"["}]') == 2


def test_an_escaped_backslash_before_u0000_is_no_nul():
    assert strict_json.parse(r'{"a": "\\u0000"}') == {"a": r"\u0000"}


def test_a_decimal_and_the_text_of_it_are_not_equal():
    assert strict_json.canonical({"a": Decimal("1.5")}) != strict_json.canonical({"a": "1.5"})


JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.decimals(allow_nan=False, allow_infinity=False, min_value=-(10**20), max_value=10**20, places=6)
    | st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\x00")),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(
            st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\x00")), inner, max_size=4
        )
    ),
    max_leaves=12,
)


@given(JSON)
def test_what_is_written_reads_back_as_it_was(value):
    assert strict_json.parse(strict_json.dump(value)) == value


@given(JSON, JSON)
def test_canonical_texts_are_equal_when_and_only_when_the_values_are(one, other):
    same = strict_json.parse(strict_json.dump(one)) == one and repr(one) == repr(other)
    if same:
        assert strict_json.canonical(one) == strict_json.canonical(other)
    if strict_json.canonical(one) == strict_json.canonical(other):
        assert one == other
