"""The catalogue: errors name file, line and remedy; amounts are texts, never floats."""

import json

import pytest

from ingestion.formats import catalogue
from ingestion.records import FileRefused
from tests.unit.ingestion.delivered import records, rejects, source

PRICE = """prices:
  - price_code: team-usd-m-v1
    product_code: team
    plan_code: team
    version: 1
    kind: recurring
    meter_code: null
    charge_model: per_unit
    billing_timing: in_advance
    currency: usd
    interval: month
    interval_count: 1
    unit_amount: "29.00"
    valid_from: 2026-01-01
    valid_to: null
"""
TIERED = PRICE.replace("charge_model: per_unit", "charge_model: graduated").replace(
    '    unit_amount: "29.00"\n',
    '    tiers:\n      - {up_to: "1000", unit_amount: "0.01"}\n'
    '      - {up_to: null, unit_amount: "0.005", flat_amount: "1"}\n',
)


def read(folder, text, name="prices"):
    return list(catalogue.read(source(folder, f"{name}.yaml", text), name))


def test_an_entry_lands_with_its_line_dates_as_text_and_amounts_as_written(tmp_path):
    (record,) = read(tmp_path, PRICE)
    assert record.line_no == 2
    assert json.loads(record.payload)["unit_amount"] == "29.00"
    assert json.loads(record.payload)["valid_from"] == "2026-01-01"
    assert json.loads(record.payload)["valid_to"] is None


@pytest.mark.parametrize(
    ("old", "new", "line", "words"),
    [
        ('unit_amount: "29.00"', "unit_amount: 29.10", 13, 'write "29.10" in quotation marks, not a float'),
        ('unit_amount: "29.00"', "unit_amount: 29", 13, 'write "29" in quotation marks'),
        ('unit_amount: "29.00"', 'unit_amount: "29,00"', 13, "no plain decimal"),
        ('unit_amount: "29.00"', 'unit_amount: "NaN"', 13, "no plain decimal"),
        ('unit_amount: "29.00"', 'unit_amount: "٢٩"', 13, "no plain decimal"),
        ('    unit_amount: "29.00"\n', "", 2, "needs unit_amount"),
        ("currency: usd", "currency: USD", 10, "lower case"),
        ("currency: usd", "curency: usd", 10, "did you mean 'currency'"),
        ("    currency: usd\n", "", 2, "'currency' is missing"),
        ("plan_code: team", "plan_code: no", 4, "YAML reads no as a yes/no"),
        ("kind: recurring", "kind: reccuring", 6, "none of recurring, usage"),
        ("valid_from: 2026-01-01", "valid_from: 2026-02-30", 14, "no day such as"),
        ("valid_from: 2026-01-01", "valid_from: 01.01.2026", 14, "no day such as"),
        ("valid_to: null", "valid_to: 2026-01-01", 2, "not after valid_from"),
        ("version: 1", "version: 1.0", 5, "no whole number"),
        ("kind: recurring", "kind: recurring\n    kind: usage", 7, "stands twice"),
    ],
)
def test_a_bad_entry_is_quarantined_and_says_where_and_what_to_write(tmp_path, old, new, line, words):
    assert old in PRICE
    (bad,) = rejects(read(tmp_path, PRICE.replace(old, new)))
    assert bad.reason == "catalogue"
    assert bad.detail.startswith(f"prices.yaml:{line}: ")
    assert words in bad.detail


def test_a_bad_entry_does_not_cost_its_neighbours(tmp_path):
    entries = PRICE + PRICE.partition("\n")[2].replace('"29.00"', "29.00") + PRICE.partition("\n")[2]
    found = read(tmp_path, entries)
    assert (len(records(found)), len(rejects(found))) == (2, 1)
    assert "unit_amount: 29.00" in rejects(found)[0].raw


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ("up_to: null", 'up_to: "2000"', "last tier"),
        ('up_to: "1000"', "up_to: null", "last tier"),
        ('up_to: "1000"', 'up_to: "0"', "must rise"),
        ('unit_amount: "0.01"', "unit_amount: 0.01", "a float"),
        ('unit_amount: "0.01"', 'unit_amonut: "0.01"', "did you mean 'unit_amount'"),
    ],
)
def test_tiers_are_checked_too(tmp_path, old, new, words):
    assert rejects(read(tmp_path, TIERED)) == []
    assert words in rejects(read(tmp_path, TIERED.replace(old, new)))[0].detail


def test_two_meters_cannot_share_an_event_type(tmp_path):
    meter = "  - {meter_code: %s, event_type: call, aggregation: sum, quantity_field: calls}\n"
    found = read(tmp_path, "meters:\n" + meter % "a" + meter % "b", "meters")
    assert len(records(found)) == 1
    assert "already belongs to the meter in line 2" in rejects(found)[0].detail


@pytest.mark.parametrize(
    "text",
    [
        "",
        "- 1",
        "prices: 5",
        "other:\n  - {}",
        "prices: [",
        "prices:\n  - &a {x: 1}\n  - *a\n",
        "prices: []\nmore: []\n",
        "!!python/object:os.system {}",
    ],
)
def test_a_file_that_is_no_list_of_its_object_is_refused(tmp_path, text):
    with pytest.raises(FileRefused) as refused:
        read(tmp_path, text)
    assert refused.value.reason == "format"


def test_an_empty_list_is_an_empty_catalogue(tmp_path):
    assert read(tmp_path, "prices: []\n") == []
    assert read(tmp_path, "prices:\n") == []
