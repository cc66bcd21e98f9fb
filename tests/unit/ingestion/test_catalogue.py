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


METER = """meters:
  - meter_code: seats
    event_type: seat
    aggregation: unique_add_remove
    dimensions: [user, op, region]
    key_field: user
    operation_field: op
    bucket_minutes: 15
    window_start: "22:00"
    window_end: "06:00"
    filters:
      - {field: region, values: [eu]}
    group_by: [region]
"""


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ("    key_field: user\n", "", "needs key_field"),
        ("    operation_field: op\n", "", "needs operation_field"),
        ("[user, op, region]", "[user, op]", "'region' is not in dimensions"),
        ("[user, op, region]", "[op, region]", "'user' is not in dimensions"),
        ("bucket_minutes: 15", "bucket_minutes: 0", "at least 1"),
        ("unique_add_remove", "sum_of_bucket_max", "quantity_field is missing"),
        ("unique_add_remove", "weighted_sum", "quantity_field is missing"),
        ('"22:00"', "22:00", "quotation marks"),
        ('"22:00"', '"24:00"', "no time of day"),
        ('    window_end: "06:00"\n', "", "stand together"),
        ('"06:00"', '"22:00"', "leave both out"),
        ("bucket_minutes: 15", "rounding_digits: 2", "stand together"),
    ],
)
def test_a_meter_asks_only_for_what_its_events_keep(tmp_path, old, new, words):
    assert old in METER
    assert rejects(read(tmp_path, METER, "meters")) == []
    assert words in rejects(read(tmp_path, METER.replace(old, new), "meters"))[0].detail


BOUNDED = """meters:
  - meter_code: egress
    event_type: egress
    aggregation: sum
    quantity_field: gb
    minimum_quantity: "0"
    maximum_quantity: "1000.5"
    quantity_decimals: 3
"""


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ("sum", "count", "remove it"),
        ('"0"', '"1001"', "is above maximum_quantity"),
        ('"0"', "0", "quotation marks"),
        ("decimals: 3", "decimals: 10", "at most 9 decimals"),
        ("decimals: 3", 'decimals: "3"', "no whole number"),
    ],
)
def test_a_meter_may_say_which_quantities_are_its_own(tmp_path, old, new, words):
    assert rejects(read(tmp_path, BOUNDED, "meters")) == []
    assert words in rejects(read(tmp_path, BOUNDED.replace(old, new), "meters"))[0].detail


def priced(model: str, *lines: str, kind: str = "usage") -> str:
    """A file of one price."""
    entry = PRICE.replace("per_unit", model).replace("kind: recurring", f"kind: {kind}")
    entry = entry.replace('    unit_amount: "29.00"\n', "").replace("meter_code: null", "meter_code: calls")
    return entry + "".join(f"    {line}\n" for line in lines)


@pytest.mark.parametrize(
    "text",
    [
        priced("percentage", 'rate_pct: "2.9"', 'fixed_amount: "0.30"', "free_transactions: 3", 'free_amount: "250"'),
        priced("percentage", 'rate_pct: "0"', 'minimum_per_transaction: "1"', 'maximum_per_transaction: "1"'),
        priced("graduated_percentage", 'tiers: [{up_to: "9", rate_pct: "1"}, {up_to: null, rate_pct: "2"}]'),
        priced("dynamic", 'unit_amount: "1.33333"'),
        priced("matrix", "dimension: region", 'unit_amounts: [{value: eu, unit_amount: "1"}]'),
        priced(
            "blocks",
            "block_mode: top_tier",
            'tiers: [{block_size: "1", max_blocks: "9", unit_amount: "2"}, {block_size: "5", unit_amount: "1"}]',
        ),
        priced("per_unit", 'unit_amount: "1"', "price_per: hour", 'minimum_amount: "5"', 'maximum_amount: "50"'),
        priced("per_unit", 'unit_amount: "1"', 'commitment: {type: amount, value: "9", true_up: true}'),
        priced("per_unit", 'unit_amount: "1"', 'conversion: {operation: divide, factor: "1000"}'),
        priced("package", 'unit_amount: "1"', 'package_size: "0.5"', "partial_package: down"),
        priced("per_unit", 'unit_amount: "1"', kind="recurring").replace("interval: month", "interval: semiannual"),
    ],
)
def test_every_charge_model_can_be_written_down(tmp_path, text):
    assert rejects(read(tmp_path, text)) == []


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (priced("percentage"), "needs rate_pct"),
        (priced("percentage", 'rate_pct: "1"', kind="recurring"), "kind usage"),
        (priced("per_unit", 'unit_amount: "1"', 'rate_pct: "1"'), "rate_pct belongs to charge_model percentage"),
        (priced("per_unit", 'unit_amount: "1"', "free_transactions: 1"), "belongs to charge_model percentage"),
        (priced("graduated_percentage"), "needs tiers"),
        (priced("graduated_percentage", "tiers: [{up_to: null}]"), "needs rate_pct"),
        (priced("dynamic"), "needs unit_amount"),
        (priced("matrix", 'unit_amounts: [{value: eu, unit_amount: "1"}]'), "needs dimension"),
        (priced("matrix", "dimension: region"), "needs unit_amounts"),
        (
            priced("matrix", "dimension: r", 'unit_amounts: [{value: eu, unit_amount: "1"}]', "tiers: [{up_to: null}]"),
            "has no tiers",
        ),
        (priced("percentage", 'rate_pct: "1"', 'included_quantity: "5"'), "is for a quantity"),
        (priced("percentage", 'rate_pct: "1"', "price_per: day"), "price_per is not for"),
        (priced("percentage", 'rate_pct: "1"', 'commitment: {type: quantity, value: "5"}'), "commit an amount"),
        (priced("blocks"), "needs tiers"),
        (priced("blocks", 'tiers: [{block_size: "0", unit_amount: "1"}]'), "block_size above zero"),
        (priced("blocks", 'tiers: [{up_to: "5", block_size: "1", unit_amount: "1"}]'), "max_blocks"),
        (
            priced("blocks", 'tiers: [{block_size: "1", unit_amount: "1"}, {block_size: "1", unit_amount: "1"}]'),
            "only the last tier",
        ),
        (priced("package", 'unit_amount: "1"', 'package_size: "0"'), "not above zero"),
        (priced("per_unit", 'unit_amount: "1"', "price_per: day", kind="recurring"), "kind usage"),
        (priced("per_unit", 'unit_amount: "1"', 'minimum_amount: "5"', 'maximum_amount: "4"'), "is above"),
        (priced("per_unit", 'unit_amount: "1"', 'commitment: {type: amount, value: "-1"}'), "not below zero"),
        (priced("per_unit", 'unit_amount: "1"', 'commitment: {type: amount, value: "1", true_up: yes}'), "true nor"),
        (priced("per_unit", 'unit_amount: "1"', 'conversion: {operation: divide, factor: "0"}'), "above zero"),
        (
            priced("per_unit", 'unit_amount: "1"', 'conversion: {operation: divide, factor: "2", precision: 1}'),
            "needs rounding_mode",
        ),
    ],
)
def test_a_price_that_says_too_little_or_too_much_is_set_aside(tmp_path, text, words):
    assert words in rejects(read(tmp_path, text))[0].detail


CONVENTION = """conventions:
  - billing_system: lago
    valid_from: 2026-01-01
    proration_unit: day
    rounding_mode: half_even
    tax_rounding: per_invoice
    discount_order: as_given
    usage_window: local_day
    usage_grace_hours: 48
    payment_grace_days: 3
    due_days: 30
    weighted_sum_denominator: period
"""


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ("half_even", "bankers", "none of half_up"),
        ("denominator: period", "denominator: '0'", "number of seconds"),
        ("denominator: period", "denominator: 60", 'write "60"'),
        ("due_days: 30", "due_days: 30\n    fixed_month_days: 0", "at least 1"),
        ("due_days: 30", "due_days: 30\n    change_day: today", "none of new_plan, old_plan"),
    ],
)
def test_any_engine_may_have_conventions_of_the_known_kinds(tmp_path, old, new, words):
    assert rejects(read(tmp_path, CONVENTION, "conventions")) == []
    assert words in rejects(read(tmp_path, CONVENTION.replace(old, new), "conventions"))[0].detail


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
