"""I22 and personal data: card numbers, keys and addresses planted everywhere are stored, shown and logged nowhere."""

import json

import psycopg
import pytest
from hypothesis import given
from hypothesis import strategies as st
from typer.testing import CliRunner

from ingestion.formats.bank_csv import PROFILE
from ingestion.landing import load_landing
from ingestion.registry import OBJECTS
from ingestion.sensitive import kind_of, redacted, screened
from tests.warehouse.landed import METERS, by_file, event, load_all, put, query

CARD, SPACED = "4242424242424242", "4242 4242 4242 4242"
KEY, ADDRESS = "sk_" + "live_canary51H8", "canary.jane@example.com"
PLANTED = r"4242[ -]?4242[ -]?4242[ -]?4242|sk_live_canary|canary\.jane|whsec_canary|canary-street"


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        (CARD, "card_number"),
        (f"paid with {SPACED}, thanks", "card_number"),
        ("4242-4242-4242-4242", "card_number"),
        ("378282246310005", "card_number"),
        ("3782 822463 10005", "card_number"),
        ("6011111111111117", "card_number"),
        ("30569309025904", "card_number"),
        ("2223003122003222", "card_number"),
        ("4222222222222", "card_number"),
        (KEY, "secret"),
        ("rk_" + "live_canary51H8", "secret"),
        ("whsec_canary51H8xyz", "secret"),
        ("AKIA" + "IOSFODNN7EXAMPLE", "secret"),
        ("Authorization: Bearer abcdefghijklmnop1234", "secret"),
        ("-----BEGIN RSA " + "PRIVATE KEY-----\nMIIE", "secret"),
        (ADDRESS, "email_address"),
        ("Jürgen <jürgen@münchen.example>", "email_address"),
    ],
)
def test_what_must_not_be_stored_is_known_and_taken_out(text, kind):
    assert kind_of(text) == kind
    assert kind_of(redacted(text)) is None


@pytest.mark.parametrize(
    "text",
    [
        "4242424242424241",  # fails Luhn
        "9999999999999995",  # nobody issues these
        "pi_3MtwBwLkdIwHu7ix28a3tqPa",
        "cus_4242424242424242",
        "550e8400-e29b-41d4-a716-446655440000",
        "1793179800",
        "1793179800123",
        "1793179800123456",
        "1793179800123456789",
        "+4915112345678",
        "DE89 3704 0044 0532 0130 00",
        "GB33BUKB20201555555555",
        "0.4242424242424242",
        "20261028093000123",
        "5000000.00",
        "2026-10-28 09:30:00",
        "invoice@",
        "@mention",
        "sk_live_",
        "the risk_live_long",
    ],
)
def test_ids_amounts_instants_and_accounts_are_none_of_it(text):
    assert kind_of(text) is None
    assert redacted(text) == text


@given(st.integers(min_value=0, max_value=2**63), st.sampled_from(["uuid", "epoch", "amount"]))
def test_no_identifier_of_the_usual_forms_is_taken_for_a_card(number, form):
    from uuid import UUID

    text = {
        "uuid": str(UUID(int=number << 64 | number)),
        "epoch": str(1_000_000_000 + number % 10**9),
        "amount": f"{number % 10**9}.{number % 100:02d}",
    }
    assert kind_of(text[form]) is None


def test_a_bank_reference_of_sixteen_digits_is_no_card_unless_the_text_speaks_of_one():
    spec = OBJECTS["bank", "statements"]
    fields = {"reference": CARD, "account": "5555555555554444"}
    assert screened(spec, "b", fields, json.dumps(fields)).withheld == 0
    from ingestion.records import BadRecord

    for said in (f"CARD {CARD}", SPACED):
        with pytest.raises(BadRecord, match="card_number"):
            screened(spec, "b", {"description": said}, json.dumps({"description": said}))


def test_numbers_stay_as_they_were_written_when_an_address_is_left_out():
    payload = '{"id":"cus_1","balance":1.10,"email":"x@y.example","note":"ask x@y.example","name":"\\u0078@y.example"}'
    from ingestion.formats import strict_json

    kept = screened(OBJECTS["stripe", "customers"], "cus_1", strict_json.parse(payload), payload)
    assert kept.payload == '{"id":"cus_1","balance":1.10,"note":"ask [e-mail withheld]","name":null}'
    assert kept.withheld == 3


def test_an_address_as_the_id_of_a_record_sets_it_aside(warehouse, tmp_path):
    put(tmp_path, "stripe/customers/a.jsonl", f'{{"id":"{ADDRESS}"}}\n{{"id":"cus_1"}}\n')
    assert load_all(tmp_path)["a.jsonl"][2:5] == (1, 0, 1)
    assert query(warehouse, "select reason, record_id from quarantine.records") == [
        ("email_address", "[e-mail withheld]")
    ]


PERSONAL = {
    "email": ADDRESS,
    "unknown_field": ADDRESS,
    "phone": "canary-street",
    "nested": [{"contact": f"<{ADDRESS}>"}],
}
PROFILE_TEXT = """account: "1"
currency: eur
booking_date_column: Date
date_format: "%Y-%m-%d"
amount_column: Amount
balance_column: Balance
description_column: Text
decimal_mark: "."
"""
CAMT = """<?xml version="1.0"?>
<Document xmlns="urn:iso:std:iso:20022:tech:xsd:camt.053.001.02"><BkToCstmrStmt><GrpHdr><MsgId>m</MsgId>
<CreDtTm>2026-10-28T00:00:00Z</CreDtTm></GrpHdr><Stmt><Id>{planted}</Id></Stmt></BkToCstmrStmt></Document>"""


def plant(landing):
    """All three, in every system and format: fields known and unknown, free text, headers, names, broken records."""
    put(landing, "catalog/meters/meters.yaml", METERS)
    put(landing, "catalog/plans/plans.yaml", f"plans:\n  - {{plan_code: p, name: '{ADDRESS}', oops: '{KEY}'}}\n")
    for name, planted in (("one", ADDRESS), ("two", CARD), ("three", SPACED), ("four", KEY)):
        document = {"note": planted, "metadata": {planted: "key", "deep": [f"see {planted}"]}}
        put(
            landing,
            f"stripe/customers/{name}.jsonl",
            json.dumps({"id": f"cus_{name}", **document})
            + "\n"
            + json.dumps({"id": f"cus_p{name}", **PERSONAL})
            + "\n"
            + f'{{"id": "x", "note": "{planted}"\n'
            + json.dumps({"id": planted})
            + "\n",
        )
        put(
            landing,
            f"control_plane/accounts/{name}.jsonl",
            json.dumps({"account_id": f"a_{name}", "created_at": planted}) + "\n",
        )
        put(
            landing,
            f"crm/Account/{name}.csv",
            f"Id,Name,{planted}__c\n001A0000006Vm9r,{planted},1\n1,{planted},2\n1,{planted}\n",
        )
        put(landing, f"crm/Contract/{name}.csv", f"Id,{planted},{planted}\n1,2,3\n")
        put(landing, f"erp/customer/{name}.csv", f"id,email,memo\n1,{ADDRESS},{planted}\n,{ADDRESS},{planted}\n")
        put(landing, f"erp/item/{name}.json", json.dumps({"items": [{"id": "1", "memo": planted}, {"memo": planted}]}))
        put(
            landing,
            f"tax/rates/{name}.csv",
            f"jurisdiction,product_tax_code,rate,valid_from,note\nx,y,{planted},2026-01-01,{planted}\n",
        )
        put(landing, f"fx/rates/{name}.csv", f"date,from,to,rate,source\n2026-10-27,eur,usd,{planted},{planted}\n")
        put(landing, f"bank/statements/{name}.xml", CAMT.format(planted=planted))
        put(landing, f"bank/statements/{name}.bai", f"01,{planted}\n")
        put(
            landing,
            f"bank/statements/{name}.csv",
            f"Date,Amount,Balance,Text\n2026-10-27,1.00,101.00,card {planted}\n2026-10-27,1.00,9.00,{planted}\n",
        )
        put(
            landing,
            f"usage/control_totals/{name}.csv",
            f"source,window_start,window_end,event_count,quantity_sum\n{planted},x,y,1,1\n",
        )
        lines = [
            event(1, subject=planted),
            event(2, source=planted),
            event(3, data={"calls": 3, "region": planted}),
            event(4, data={"calls": f"x {planted}", "region": "eu", "email": planted}),
            event(5, type=planted),
            event(6, time=planted, subject=planted),
            event(7, data={"calls": 7, "region": planted}, time="2024-01-01T00:00:00Z"),
            event(8, data={"calls": 8, planted: planted}),
            planted + "\n",
        ]
        put(landing, f"usage/events/{name}.jsonl", "".join(lines * 20))
        put(landing, f"stripe/charges/{planted}.jsonl", '{"id":"ch_1"}\n')
        put(landing, f"stripe/{planted}/x.jsonl", '{"id":"ch_1"}\n')
    put(landing, f"bank/statements/{PROFILE}", PROFILE_TEXT)


def everything_in(url):
    """Every row of every table of the database, as text."""
    tables = """
        select quote_ident(schemaname) || '.' || quote_ident(tablename) from pg_tables
        where schemaname not in ('pg_catalog', 'information_schema')
    """
    with psycopg.connect(url) as connection:
        for (name,) in connection.execute(tables).fetchall():
            for (row,) in connection.execute(f"select rows::text from {name} as rows").fetchall():
                yield name, row


def leaks(pairs):
    import re

    return [f"{name}: {text[:300]}" for name, text in pairs if re.search(PLANTED, text)]


def test_what_was_planted_everywhere_is_in_no_table_result_message_or_command(warehouse, tmp_path, caplog):
    plant(tmp_path)
    results = load_landing(tmp_path)
    assert len(results) > 50
    assert "\n".join(leaks(everything_in(warehouse))) == ""
    assert leaks(("result", f"{one} {one.as_dict()} {one.detail}") for one in results) == []
    assert leaks([("log", caplog.text)]) == []
    reasons = {row[0] for row in query(warehouse, "select distinct reason from quarantine.records")}
    assert {"card_number", "secret", "email_address"} <= reasons
    assert query(warehouse, "select count(*) > 3 from ops.loads where withheld > 0") == [(True,)]
    from orchestration.cli import app

    for command in (
        "load status",
        "load status --json",
        "quarantine list",
        "quarantine list --json --all",
        "quarantine show usage events --limit 500",
        "quarantine show stripe customers --json",
        f"quarantine retry {tmp_path} --json",
        f"load {tmp_path} --json",
        f"load {tmp_path}",
    ):
        said = CliRunner().invoke(app, command.split())
        assert said.exit_code in (0, 3), (command, said.output[-300:])
        assert leaks([(command, said.stdout + said.stderr)]) == []
    assert leaks(everything_in(warehouse)) == []


def test_the_server_s_own_log_holds_nothing_of_what_was_planted(cluster, warehouse, tmp_path):
    plant(tmp_path)
    load_landing(tmp_path)
    said = cluster.cluster.log.read_text(errors="replace") if cluster.cluster.log.exists() else ""
    assert leaks([("server log", said)]) == []


def test_a_file_named_after_what_must_not_be_stored_is_refused_without_saying_its_name(warehouse, tmp_path):
    put(tmp_path, f"stripe/charges/{ADDRESS}.jsonl", '{"id":"ch_1"}\n')
    (result,) = load_landing(tmp_path)
    assert (result.status, result.reason, result.file) == ("refused", "sensitive_name", "[e-mail withheld]")
    assert by_file([result]) == {"[e-mail withheld]": ("refused", 0, 0, 0, 0, 0, "sensitive_name")}
    with psycopg.connect(warehouse) as connection:
        assert connection.execute("select file_name from ops.refusals").fetchall() == [("[e-mail withheld]",)]
