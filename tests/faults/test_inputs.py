"""I5, I9, I10, I14 to I16: what was cut does not land; texts that others take for something else land as they are."""

import gzip
import json
from hashlib import sha256

import pytest

from ingestion.landing import load_landing
from ingestion.objects import decimal_text
from ingestion.records import BadRecord
from tests.warehouse.landed import METERS, event, load_all, put, query

RATES = (
    b"jurisdiction,product_tax_code,rate,valid_from,amount\nde,x,0.19,2026-01-01,100.00\nde,y,0.07,2026-01-01,300.00\n"
)


@pytest.mark.parametrize("cut", range(1, 30, 4))
def test_a_csv_that_was_cut_and_still_parses_is_told_by_its_manifest_and_leaves_nothing(warehouse, tmp_path, cut):
    path = put(tmp_path, "tax/rates/a.csv", RATES[:-cut], complete=False)
    path.with_name("a.csv.manifest.json").write_text(json.dumps({"rows": 2, "sha256": sha256(RATES).hexdigest()}))
    assert load_all(tmp_path)["a.csv"] == ("refused", 0, 0, 0, 0, 0, "incomplete")
    assert query(warehouse, "select count(*) from raw.tax__rates") == [(0,)]
    path.write_bytes(RATES)
    assert load_all(tmp_path)["a.csv"][:3] == ("loaded", 2, 2)


@pytest.mark.parametrize("cut", [1, 8, 20, 60])
def test_a_packed_file_that_was_cut_is_refused_though_its_folder_says_it_is_complete(warehouse, tmp_path, cut):
    put(tmp_path, "tax/rates/a.csv.gz", gzip.compress(RATES)[:-cut])
    assert load_all(tmp_path)["a.csv.gz"] == ("refused", 0, 0, 0, 0, 0, "incomplete")
    assert query(warehouse, "select count(*) from raw.tax__rates") == [(0,)]


def test_texts_that_copy_or_pandas_take_for_null_or_numbers_land_as_texts(warehouse, tmp_path):
    texts = ["\\N", "NA", "null", "NaN", "00123", "1e5", "\\.", "1_000", "-inf", 'a"b', "x,y"]
    rows = "".join(f'00{number},"{text.replace(chr(34), chr(34) * 2)}"\n' for number, text in enumerate(texts, start=1))
    put(tmp_path, "erp/customer/a.csv", "id,memo\n" + rows)
    assert load_all(tmp_path)["a.csv"][2] == len(texts)
    stored = "select record_id, payload->>'memo' from raw.erp__customer order by line_no"
    assert query(warehouse, stored) == [(f"00{number}", text) for number, text in enumerate(texts, start=1)]


def test_ids_that_look_like_nothing_or_like_numbers_stay_the_ids_they_are(warehouse, tmp_path):
    put(tmp_path, "erp/customer/a.csv", "id,memo\nNA,1\nnull,2\n1e5,3\n00123,4\n123,5\n")
    load_all(tmp_path)
    stored = "select record_id from raw.erp__customer order by line_no"
    assert [row[0] for row in query(warehouse, stored)] == ["NA", "null", "1e5", "00123", "123"]


@pytest.mark.parametrize(
    "text", ["\u0661\u0662\u0663", "\uff11\uff12", "1_000", "1 000", "0x10", "1,5", "\u00b2", "NaN", "Infinity"]
)
def test_digits_that_only_look_like_digits_are_no_number(warehouse, tmp_path, text):
    with pytest.raises(BadRecord, match="bad_number"):
        decimal_text(text)
    put(tmp_path, "catalog/meters/meters.yaml", METERS)
    put(tmp_path, "usage/events/u.jsonl", event(1, data={"calls": text}))
    assert load_all(tmp_path)["u.jsonl"][2:5] == (0, 0, 1)
    assert query(warehouse, "select reason from quarantine.records") == [("bad_quantity",)]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("cus_1\u200b", "U+200B"),
        ("cus_1\u00ad", "U+00AD"),
        ("\ufeffcus_1", "U+FEFF"),
        ("cus_1 ", "blank"),
        ("cus_1\u00a0", "blank"),
        ("cafe\u0301", "NFC"),
        ("cus\n1", "U+000A"),
    ],
)
def test_an_id_that_only_looks_like_another_is_set_aside_and_says_why(warehouse, tmp_path, text, said):
    lines = [json.dumps({"id": text}), json.dumps({"id": "cus_1"}), json.dumps({"id": "caf\u00e9"})]
    put(tmp_path, "stripe/customers/a.jsonl", "\n".join(lines))
    assert load_all(tmp_path)["a.jsonl"][2:5] == (2, 0, 1)
    ((reason, detail),) = query(warehouse, "select reason, detail from quarantine.records")
    assert reason == "bad_identifier"
    assert said in detail


def test_a_new_column_rides_along_and_a_missing_or_renamed_one_refuses_the_file(warehouse, tmp_path):
    put(
        tmp_path, "tax/rates/new.csv", "jurisdiction,product_tax_code,rate,valid_from,added\nde,x,0.19,2026-01-01,yes\n"
    )
    put(tmp_path, "tax/rates/gone.csv", "jurisdiction,product_tax_code,valid_from\nde,x,2026-01-01\n")
    put(tmp_path, "tax/rates/renamed.csv", "jurisdiction,product_tax_code,Rate,valid_from\nde,x,0.19,2026-01-01\n")
    found = load_all(tmp_path)
    assert (found["new.csv"][0], found["gone.csv"][-1], found["renamed.csv"][-1]) == ("loaded", "schema", "schema")
    assert query(warehouse, "select payload->>'added' from raw.tax__rates") == [("yes",)]


def test_a_column_that_earlier_files_did_not_have_is_a_warning_once_and_refuses_nothing(warehouse, tmp_path):
    header = "jurisdiction,product_tax_code,rate,valid_from"
    put(tmp_path, "tax/rates/2026-10-01/a.csv", f"{header},note\nde,x,0.19,2026-01-01,\n")
    put(tmp_path, "tax/rates/2026-10-02/b.csv", f"{header}\nfr,x,0.2,2026-01-01\n")
    put(tmp_path, "tax/rates/2026-10-03/c.csv", f"{header},note,added\nit,x,0.22,2026-01-01,,yes\n")
    put(tmp_path, "tax/rates/2026-10-04/d.csv", f"{header},added\nes,x,0.21,2026-01-01,yes\n")
    found = load_landing(tmp_path)
    assert [(one.status, one.accepted, one.new_fields) for one in found] == [
        ("loaded", 1, ()),
        ("loaded", 1, ()),
        ("loaded", 1, ("added",)),
        ("loaded", 1, ()),
    ]
    assert query(warehouse, "select system, object, file_name, field from ops.new_fields") == [
        ("tax", "rates", "c.csv", "added")
    ]
    assert query(warehouse, "select payload->>'added' from raw.tax__rates where payload ? 'added'") == [
        ("yes",),
        ("yes",),
    ]


def test_the_fields_of_an_announced_version_are_no_surprise(warehouse, tmp_path):
    for day, version, record in (
        ("01", "2024-06-20", {"id": "cus_1", "name": None}),
        ("02", "2025-09-30.clover", {"id": "cus_2", "parent": None}),
    ):
        name = f"stripe/customers/2026-10-{day}/a.jsonl"
        put(tmp_path, name, json.dumps(record), complete=False)
        put(tmp_path, f"{name}.manifest.json", json.dumps({"rows": 1, "api_version": version}), complete=False)
    assert [(one.status, one.new_fields) for one in load_landing(tmp_path)] == [("loaded", ()), ("loaded", ())]


def test_a_new_field_whose_name_is_an_address_is_told_without_it(warehouse, tmp_path):
    put(tmp_path, "stripe/customers/2026-10-01/a.jsonl", json.dumps({"id": "cus_1", "name": None}))
    put(tmp_path, "stripe/customers/2026-10-02/b.jsonl", json.dumps({"id": "cus_2", "jo@example.com": "x"}))
    assert [one.new_fields for one in load_landing(tmp_path)] == [(), ("[e-mail withheld]",)]
