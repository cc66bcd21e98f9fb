"""The rules of objects: identity, repetition, required and retyped fields, schema drift (I16)."""

import json

import pytest

from ingestion import documents
from ingestion.documents import Document, Repeated
from ingestion.records import FileRefused, Reject
from ingestion.registry import OBJECTS
from tests.unit.ingestion.delivered import source


def read(folder, system, name, content, file_name="a.jsonl"):
    return list(documents.read(source(folder, file_name, content), OBJECTS[system, name]))


def lines(*records):
    return "".join(json.dumps(record) + "\n" for record in records)


def reasons(found):
    return [one.reason if isinstance(one, Reject) else type(one).__name__ for one in found]


def test_an_exact_repetition_is_a_duplicate_and_a_new_version_is_not(tmp_path):
    content = lines({"id": "cus_1", "name": "a"}, {"name": "a", "id": "cus_1"}, {"id": "cus_1", "name": "b"})
    assert [type(one) for one in read(tmp_path, "stripe", "customers", content)] == [Document, Repeated, Document]


def test_numbers_that_look_alike_are_different_content(tmp_path):
    content = '{"id":"a","amount":1.5}\n{"id":"a","amount":1.50}\n{"id":"a","amount":"1.5"}\n'
    assert [type(one) for one in read(tmp_path, "stripe", "charges", content)] == [Document] * 3


def test_keys_of_several_fields_are_joined(tmp_path):
    content = lines({"payout": "po_1", "balance_transaction": "txn_1"})
    assert read(tmp_path, "stripe", "payout_balance_transactions", content)[0].record_id == "po_1|txn_1"


def test_a_balance_report_is_one_of_whole_days_and_decimal_amounts(tmp_path):
    row = {
        "currency": "usd",
        "interval_start": 1791158400,
        "interval_end": 1791244800,
        "category": "charge",
        "net_amount": "-12.50",
    }
    late = row | {"interval_start": 1791165600}
    endless = row | {"interval_end": 1791158400}
    in_words = row | {"net_amount": "12,50"}
    found = read(tmp_path, "stripe", "balance_summaries", lines(row, late, endless, in_words))
    assert found[0].record_id == "usd|1791158400|1791244800|charge"
    assert reasons(found) == ["Document", "bad_interval", "bad_interval", "bad_number"]


def test_events_carry_their_time_and_api_version_and_deletions_are_marked(tmp_path):
    event = {
        "id": "evt_1",
        "object": "event",
        "type": "x",
        "created": 1793179800,
        "data": {},
        "api_version": "2025-03-31",
    }
    (found,) = read(tmp_path, "stripe", "events", lines(event))
    assert (found.source_updated_at.isoformat(), found.api_version) == ("2026-10-28T09:30:00+00:00", "2025-03-31")
    assert read(tmp_path, "stripe", "customers", lines({"id": "cus_1", "deleted": True}))[0].is_deleted


def test_an_object_in_the_wrong_folder_is_quarantined(tmp_path):
    found = read(
        tmp_path, "stripe", "charges", lines({"id": "ch_1", "object": "charge"}, {"id": "in_1", "object": "invoice"})
    )
    assert reasons(found) == ["Document", "wrong_object"]
    assert found[1].record_id == "in_1"


def test_crm_ids_become_long_nulls_null_and_deletions_are_marked(tmp_path):
    content = "Id,IsDeleted,Name,SystemModstamp,New__c\n001A0000006Vm9r,true,#N/A,2026-10-28T09:30:00.000Z,x\n"
    (found,) = read(tmp_path, "crm", "Account", content, "a.csv")
    assert found.record_id == "001A0000006Vm9rIAC"
    assert found.is_deleted
    assert json.loads(found.payload)["Name"] is None
    assert json.loads(found.payload)["New__c"] == "x"


def test_a_table_that_lost_a_column_it_is_known_by_is_refused(tmp_path):
    with pytest.raises(FileRefused) as refused:
        read(tmp_path, "erp", "transactionline", "id,linesequencenumber\n1,1\n", "a.csv")
    assert refused.value.reason == "schema"
    assert "transaction" in refused.value.detail


def test_some_records_without_a_required_field_are_quarantined_all_of_them_refuse_the_file(tmp_path):
    good, bad = {"id": "cus_1"}, {"ID": "cus_2"}
    assert reasons(read(tmp_path, "stripe", "customers", lines(good, bad))) == ["Document", "missing_field"]
    with pytest.raises(FileRefused) as refused:
        read(tmp_path, "stripe", "customers", lines(bad, bad))
    assert refused.value.reason == "schema"


def test_an_identity_that_changed_its_type_refuses_the_file(tmp_path):
    with pytest.raises(FileRefused) as refused:
        read(tmp_path, "stripe", "customers", lines({"id": {"new": 1}}, {"id": True}))
    assert refused.value.reason == "schema"


def test_values_that_staging_casts_are_read_strictly_but_stored_as_they_came(tmp_path):
    header = "jurisdiction,product_tax_code,rate,valid_from,valid_to,source\n"
    rows = (
        "DE,txcd_1,0.190,2026-01-01,,law\nDE,txcd_1,\u0660.\u0661\u0669,2026-01-01,,law\n"
        "DE,txcd_2,1e-1,2026-01-01,,\nDE,t,0.1,2026-02-30,,\n"
    )
    found = read(tmp_path, "tax", "rates", header + rows, "a.csv")
    assert reasons(found) == ["Document", "bad_number", "bad_number", "bad_date"]
    assert json.loads(found[0].payload)["rate"] == "0.190"


def test_a_currency_rate_is_known_by_its_id_or_by_its_currencies_and_day(tmp_path):
    by_id = read(tmp_path, "erp", "currencyrate", "id,exchangerate\n7,1.1\n", "a.csv")
    by_key = read(
        tmp_path,
        "erp",
        "currencyrate",
        "basecurrency,transactioncurrency,effectivedate,exchangerate\n1,2,2026-10-28,1.1\n",
        "a.csv",
    )
    assert [by_id[0].record_id, by_key[0].record_id] == ["7", "1|2|2026-10-28"]


ECB = "Date,USD,JPY,\n2026-10-28,1.0850,161.20,\n2026-10-27,N/A,0,\nyesterday,1,2,\n"


def test_the_wide_layout_of_the_ecb_is_unfolded_and_each_rate_judged_alone(tmp_path):
    found = read(tmp_path, "fx", "rates", ECB, "a.csv")
    assert reasons(found) == ["Document", "Document", "bad_number", "bad_date"]
    assert [one.record_id for one in found[:3]] == ["2026-10-28|EUR|USD", "2026-10-28|EUR|JPY", "2026-10-27|EUR|JPY"]
    assert json.loads(found[0].payload) == {
        "date": "2026-10-28",
        "from": "EUR",
        "to": "USD",
        "rate": "1.0850",
        "source": "ECB",
    }
    assert len({one.line_no for one in found}) == 4


def test_the_ecbs_daily_file_and_the_long_layout_are_read_too(tmp_path):
    daily = read(tmp_path, "fx", "rates", "Date, USD, JPY, \n28 October 2026, 1.0850, 161.20, \n", "a.csv")
    assert [one.record_id for one in daily] == ["2026-10-28|EUR|USD", "2026-10-28|EUR|JPY"]
    long = read(tmp_path, "fx", "rates", "date,from,to,rate,source\n2026-10-28,EUR,USD,1.0850,x\n", "a.csv")
    assert [one.record_id for one in long] == ["2026-10-28|EUR|USD"]
    with pytest.raises(FileRefused):
        read(tmp_path, "fx", "rates", "day,rate\n1,2\n", "a.csv")
