"""Files that others published: every row lands or is quarantined with a reason, and nothing crashes.

The files stay outside the repository, in ``../shared/cases`` or at TIEOUT_SHARED_CASES; without them these tests skip.
"""

import csv
import io
import json
import os
import re
from pathlib import Path

import psycopg
import pytest

from ingestion import quarantine
from ingestion.landing import load_landing
from ingestion.registry import OBJECTS
from ingestion.sources.stripe import TYPES

DAY = "2026-10-28"
BOOKKEEPING = ("_fivetran_synced", "_fivetran_active", "_fivetran_id")
# The connector's table names, where they are not the object's own.
NETSUITE = {
    "netsuite2_tran_acct_line_data": "transactionaccountingline",
    "netsuite2_transaction_line_data": "transactionline",
    "netsuite2_accounting_period_data": "accountingperiod",
}
STRIPE = {
    "subscription_data": "subscriptions",
    "price_data": "prices",
    "invoice_data": "invoices",
    "balance_transaction_data": "balance_transactions",
    "invoice_line_item_data": "invoice_line_items",
    "credit_note_data": "credit_notes",
    "customer_data": "customers",
    "payout_balance_transaction_data": "payout_balance_transactions",
    "payout_data": "payouts",
    "refund_data": "refunds",
    "payment_intent_data": "payment_intents",
    "product_data": "products",
    "charge_data": "charges",
    "coupon_data": "coupons",
    "dispute_data": "disputes",
}


@pytest.fixture(scope="module")
def cases(request):
    place = Path(os.environ.get("TIEOUT_SHARED_CASES") or request.config.rootpath.parent / "shared" / "cases")
    if not place.is_dir():
        pytest.skip(f"no published samples at {place}; set TIEOUT_SHARED_CASES")
    return place


def put(landing, system, name, file_name, content):
    folder = landing / system / name / DAY
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "_SUCCESS").touch()
    (folder / file_name).write_bytes(content if isinstance(content, bytes) else content.encode())


def loaded(landing, url):
    """Results by file; every record of a loaded file stands in raw, is a repetition, or stands in quarantine."""
    results = {f"{one.object}/{one.file}": one for one in load_landing(landing, conn_url=url)}
    with psycopg.connect(url) as connection:
        found = quarantine.records(connection, limit=10_000)
        assert len(found) == sum(one.quarantined for one in results.values())
        for one in found:
            assert one.reason
            assert one.detail.startswith(f"{one.system}/{one.object}/{DAY}/{one.file_name}")
        for one in results.values():
            assert one.status == "loaded" or (one.reason and one.detail)
            table = OBJECTS[one.system, one.object].table
            query = (
                f"select count(*) from raw.{table} inner join ops.loads using (load_id)"
                " where loads.object = %s and loads.file_name = %s"
            )
            assert connection.execute(query, (one.object, one.file)).fetchone() == (one.accepted,)
    return results


def test_bank_statements_of_many_banks_land_or_say_why_not(cases, warehouse, tmp_path):
    files = [path for path in sorted((cases / "bank").glob("*/*")) if path.is_file()]
    assert files
    for path in files:
        name = f"{path.name}.bai" if path.parent.name == "bai2" else path.name
        put(tmp_path, "bank", "statements", name, path.read_bytes())
    results = loaded(tmp_path, warehouse)
    assert len(results) == len(files)
    # whole, balanced statements land
    for name in ("jejik_generic.sta", "jejik_rabobank-iban.sta", "self-provided_february_30.sta"):
        assert results[f"statements/{name}"].accepted == results[f"statements/{name}"].rows_in > 0
    # what is broken on purpose does not
    for name in ("camt053.v2.wrong.xml", "sample-parseError.txt.bai", "betterplace_missing_crlf_at_end.sta"):
        assert (results[f"statements/{name}"].status, results[f"statements/{name}"].reason) == ("refused", "format")
    with psycopg.connect(warehouse) as connection:
        reasons = {(one.file_name, one.reason) for one in quarantine.records(connection, limit=1000)}
    intraday = {name for name, reason in reasons if reason == "intraday"}
    assert intraday == {"camt052.v8.xml", "camt054.v8.xml", "mBank_mt942.sta"}
    # what does not add up, or says no balance of the ledger, is told so
    assert reasons >= {
        ("camt053.v2.five.decimals.xml", "statement_sum"),
        ("camt053.v4.xml", "mixed_currency"),
        ("jejik_abnamro.sta", "statement_sum"),
        ("sample1.txt.bai", "no_balance"),
        ("sample2.txt.bai", "no_balance"),
        ("sample2.txt.bai", "not_an_update"),
        ("sample4-continuations-newline-delimited.txt.bai", "control_total"),
    }


def test_stripes_own_example_objects_land(cases, warehouse, tmp_path):
    resources = json.loads((cases / "stripe" / "fixtures3.json").read_text("utf-8"), parse_float=str)["resources"]
    folders = {kind: name for name, kind in TYPES.items()}
    known = {kind: resources[kind] for kind in resources if kind in folders}
    assert len(known) >= 17
    for kind, resource in known.items():
        put(tmp_path, "stripe", folders[kind], "fixture.jsonl", json.dumps(resource) + "\n")
    results = loaded(tmp_path, warehouse)
    assert {one.accepted for one in results.values()} == {1}
    missing = sorted(set(folders) - set(known))
    assert missing == [], f"no example of {missing}"


def rows_of(path):
    with path.open(encoding="utf-8-sig", newline="") as file:
        return list(csv.DictReader(file))


def camel(name):
    """The connector's ``billing_country`` as Salesforce's ``BillingCountry``; custom fields keep their name."""
    if name.endswith("__c"):
        return name
    return "".join(part.capitalize() for part in name.split("_")) if name != "_fivetran_deleted" else "IsDeleted"


def as_csv(rows, rename):
    columns = {name: rename(name) for name in rows[0] if name not in BOOKKEEPING}
    taken = list(columns.values())
    columns = {name: new for name, new in columns.items() if taken.count(new) == 1}
    written = io.StringIO(newline="")
    writer = csv.DictWriter(written, list(columns.values()))
    writer.writeheader()
    writer.writerows({new: row[name] for name, new in columns.items()} for row in rows)
    return written.getvalue()


def test_salesforce_tables_land_or_are_quarantined_for_ids_that_are_none(cases, warehouse, tmp_path):
    skipped, expected = [], {}
    for path in sorted((cases / "shapes" / "salesforce").glob("sf_*_data.csv")):
        name = camel(path.stem.removeprefix("sf_").removesuffix("_data"))
        if ("crm", name) not in OBJECTS:
            skipped.append(name)
            continue
        rows = rows_of(path)
        expected[f"{name}/{name}.csv"] = len(rows)
        put(tmp_path, "crm", name, f"{name}.csv", as_csv(rows, camel))
    assert "Lead" in skipped
    assert "Account/Account.csv" in expected
    results = loaded(tmp_path, warehouse)
    assert {name: one.rows_in for name, one in results.items() if one.status == "loaded"} == expected
    with psycopg.connect(warehouse) as connection:
        assert {one.reason for one in quarantine.reasons(connection)} <= {"bad_identifier", "bad_time", "missing_field"}


def test_netsuite_tables_land(cases, warehouse, tmp_path):
    skipped, expected = [], {}
    for path in sorted((cases / "shapes" / "netsuite").glob("netsuite2_*_data.csv")):
        name = NETSUITE.get(path.stem) or path.stem.removeprefix("netsuite2_").removesuffix("_data")
        if ("erp", name) not in OBJECTS:
            skipped.append(name)
            continue
        rows = rows_of(path)
        expected[f"{name}/{name}.csv"] = len(rows)
        put(tmp_path, "erp", name, f"{name}.csv", as_csv(rows, lambda column: column.removeprefix("_fivetran_")))
    assert {"vendor", "job"} <= set(skipped)
    results = loaded(tmp_path, warehouse)
    assert {name: one.rows_in for name, one in results.items()} == expected
    assert sum(one.accepted + one.duplicate for one in results.values()) == sum(expected.values())


def as_api_object(name, row):
    """A row of the connector's table as the API object it came from, as far as its keys and times go."""
    kept = {column: value for column, value in row.items() if column not in BOOKKEEPING and value != ""}
    for column in [column for column in kept if column.endswith("_id")]:
        kept[column.removesuffix("_id")] = kept.pop(column)
    if name in TYPES:
        kept["object"] = TYPES[name]
    whole = re.compile(r"-?[0-9]{1,15}")
    return {
        column: int(value) if whole.fullmatch(value) and column != "id" else value for column, value in kept.items()
    }


def test_stripe_tables_land_as_objects(cases, warehouse, tmp_path):
    skipped, expected = [], {}
    for path in sorted((cases / "shapes" / "stripe_tables").glob("*_data.csv")):
        name = STRIPE.get(path.stem)
        if name is None:
            skipped.append(path.stem)
            continue
        rows = rows_of(path)
        expected[f"{name}/rows.jsonl"] = len(rows)
        lines = [json.dumps(as_api_object(name, row)) + "\n" for row in rows]
        put(tmp_path, "stripe", name, "rows.jsonl", "".join(lines))
    assert "card_data" in skipped
    results = loaded(tmp_path, warehouse)
    assert {name: one.rows_in for name, one in results.items() if one.status == "loaded"} == expected
    assert sum(one.accepted + one.duplicate for one in results.values()) > 0.9 * sum(expected.values())
