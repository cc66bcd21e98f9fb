from __future__ import annotations

import csv
from collections import defaultdict
from decimal import Decimal

from ingestion.formats import camt053, mt940
from ingestion.formats.streams import Source
from ingestion.records import Record


def test_an_invoice_is_its_lines_less_discounts_plus_tax(world):
    lines = defaultdict(list)
    for line in world.latest("stripe", "invoice_line_items").values():
        lines[line["invoice"]].append(line)
    for invoice in world.latest("stripe", "invoices").values():
        own = lines[invoice["id"]]
        gross = sum(line["amount"] for line in own)
        discounts = sum(part["amount"] for line in own for part in line["discount_amounts"])
        taxes = sum(part["amount"] for line in own for part in line.get("taxes", line.get("tax_amounts")))
        assert (invoice["subtotal"], invoice["total"]) == (gross, gross - discounts + taxes)


def test_nested_lines_and_listed_lines_are_the_same(world):
    listed = world.latest("stripe", "invoice_line_items")
    for invoice in world.latest("stripe", "invoices").values():
        for line in invoice["lines"]["data"]:
            assert listed[line["id"]]["amount"] == line["amount"]


def test_every_paid_invoice_of_a_clean_world_is_paid_to_the_unit(clean):
    paid = defaultdict(int)
    for payment in clean.latest("stripe", "invoice_payments").values():
        if payment["status"] == "paid":
            paid[payment["invoice"]] += payment["amount_paid"]
    for invoice in clean.latest("stripe", "invoices").values():
        due = invoice["total"] - invoice["pre_payment_credit_notes_amount"]
        if invoice["status"] == "paid":
            assert paid[invoice["id"]] == due == invoice["amount_paid"]
        assert paid[invoice["id"]] <= due


def test_a_payout_is_the_sum_of_what_it_lists(clean):
    bookings = clean.latest("stripe", "balance_transactions")
    sums = defaultdict(int)
    for row in clean.json_lines("stripe", "payout_balance_transactions"):
        sums[row["payout"]] += bookings[row["balance_transaction"]]["net"]
    payouts = clean.latest("stripe", "payouts")
    assert {payout_id: payout["amount"] for payout_id, payout in payouts.items()} == dict(sums)


def test_net_is_amount_less_fee(world):
    for booking in world.latest("stripe", "balance_transactions").values():
        assert booking["net"] == booking["amount"] - booking["fee"]
        assert booking["fee"] == sum(part["amount"] for part in booking["fee_details"])


def test_the_balance_of_the_processor_goes_on_from_day_to_day_by_what_its_categories_moved(world):
    days = defaultdict(dict)
    for row in world.json_lines("stripe", "balance_summaries"):
        days[row["currency"], row["interval_start"]][row["category"]] = Decimal(row["net_amount"])
    assert {currency for currency, _ in days} == {"eur", "jpy", "usd"}
    balances = defaultdict(Decimal)
    for (currency, _), amounts in sorted(days.items()):
        assert amounts.pop("starting_balance") == balances[currency]
        balances[currency] += sum(amounts.values()) - amounts["ending_balance"]
        assert balances[currency] == amounts["ending_balance"]


def statements(world) -> list[dict]:
    found = []
    for path in world.files("bank", "statements"):
        reader = camt053 if path.suffix == ".xml" else mt940
        for record in reader.read(Source(path, path.name)):
            assert isinstance(record, Record), record
            found.append(record.fields)
    return found


def test_every_bank_statement_proves_itself_and_follows_the_one_before(world):
    balances: dict[str, tuple[int, Decimal]] = {}
    for statement in sorted(statements(world), key=lambda s: (s["account"], int(s["statement_number"].split("/")[0]))):
        number = int(statement["statement_number"].split("/")[0])
        opening, closing = Decimal(statement["opening_balance"]), Decimal(statement["closing_balance"])
        assert opening + sum(Decimal(entry["amount"]) for entry in statement["entries"]) == closing
        before = balances.get(statement["account"], (0, Decimal(0)))
        assert before == (number - 1, opening)
        balances[statement["account"]] = (number, closing)
    assert len(balances) == 3


def test_arrived_payouts_are_on_the_bank_in_a_clean_world(clean):
    entries = [entry for statement in statements(clean) for entry in statement["entries"]]
    shown = {entry[name]: entry for entry in entries for name in ("entry_ref", "end_to_end_id") if entry[name]}
    arrived = [p for p in clean.latest("stripe", "payouts").values() if p["status"] == "paid"]
    assert arrived
    for payout in arrived:
        amount = Decimal(shown[payout["trace_id"]["value"]]["amount"])
        assert amount.scaleb(0 if payout["currency"] == "jpy" else 2) == payout["amount"]


def erp(world, name: str) -> list[dict]:
    rows = []
    for path in world.files("erp", name):
        with path.open(newline="") as stream:
            rows += csv.DictReader(stream)
    return rows


def test_every_ledger_transaction_balances(world):
    totals = defaultdict(Decimal)
    for row in erp(world, "transactionaccountingline"):
        totals[row["transaction"]] += Decimal(row["debit"] or 0) - Decimal(row["credit"] or 0)
        assert Decimal(row["amount"]) == Decimal(row["debit"] or 0) - Decimal(row["credit"] or 0)
    assert totals
    assert set(totals.values()) == {Decimal(0)}


def test_an_erp_invoice_is_the_sum_of_its_lines(world):
    kinds = {row["id"]: row["type"] for row in erp(world, "transaction")}
    sums = defaultdict(Decimal)
    for row in erp(world, "transactionline"):
        if kinds[row["transaction"]] == "CustInvc":
            sums[row["transaction"]] += Decimal(row["foreignamount"])
    assert sums
    assert set(sums.values()) == {Decimal(0)}


def test_every_finalised_stripe_invoice_is_mirrored_once(world):
    mirrored = [
        row["externalid"]
        for row in {r["id"]: r for r in erp(world, "transaction")}.values()
        if row["type"] == "CustInvc"
    ]
    mirrored = [external for external in mirrored if external]
    finalised = [i["id"] for i in world.latest("stripe", "invoices").values() if i["status"] != "draft"]
    assert sorted(mirrored) == sorted(finalised)
