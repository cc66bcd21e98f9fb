"""Controls of receivables, wires, payouts at the bank, clearing and the books: every class, beside its decoys."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import psycopg
import pytest

from tests.dbt.small_rows import SmallWorld

DAY = "2026-10-05"
NOON = "2026-10-05 12:00+00"
POLICIES = "policy value valid_from valid_to"
ERP_LINES = (
    "transaction_id transaction_line_id transaction_line_key applied_to_transaction_id currency applied_minor"
    " is_deleted load_id line_no"
)
RECEIPTS = "bank_line_key bank_account_id currency amount_minor booking_on words payer_customer_id party file_line"
RECORDED = (
    "transaction_id transaction_number memo customer_id account_id party currency amount_minor applied_minor"
    " transaction_on file_line"
)


@pytest.fixture
def world(module_warehouse: str) -> Iterator[SmallWorld]:
    """A session with the registry."""
    with psycopg.connect(module_warehouse) as connection:
        yield SmallWorld(connection)


def families(world: SmallWorld) -> None:
    """Two customers of one group, and one of another."""
    world.table(
        "int_customers__families",
        "account_id erp_customer_id stripe_customer_id family_id",
        {"account_id": "child", "erp_customer_id": "1", "family_id": "group"},
        {"account_id": "parent", "erp_customer_id": "2", "family_id": "group"},
        {"account_id": "stranger", "erp_customer_id": "3", "family_id": "other"},
    )


def test_an_invoice_is_paid_by_its_customer_in_its_currency_and_then_closed(world: SmallWorld) -> None:
    families(world)
    invoices = ("paid", "open", "paid by parent", "paid by stranger", "in yen", "unpaid", "of today")
    world.table(
        "int_billing__invoices",
        "billing_system invoice_id customer_id account_id currency amount_due_minor status is_billed is_open is_closed"
        " invoice_on due_on load_id line_no",
        *[
            {
                "billing_system": "erp",
                "invoice_id": key,
                "customer_id": "1",
                "account_id": "child",
                "currency": "usd",
                "amount_due_minor": 1000,
                "status": "open" if key in {"open", "unpaid", "of today"} else "paid",
                "is_billed": True,
                "is_open": key in {"open", "unpaid", "of today"},
                "is_closed": key not in {"open", "unpaid", "of today"},
                "invoice_on": "2026-11-08" if key == "of today" else "2026-09-01",
                "due_on": "2026-11-20" if key == "of today" else "2026-10-01",
            }
            for key in invoices
        ],
    )
    world.table("int_catalog__conventions", "billing_system valid_from valid_to")
    world.add_column("int_catalog__conventions", "payment_grace_days", "integer")
    paid = [
        ("paid", "1", "usd"),
        ("open", "1", "usd"),
        ("paid by parent", "2", "usd"),
        ("paid by stranger", "3", "usd"),
        ("in yen", "1", "jpy"),
    ]
    world.table(
        "int_cash__payments",
        "payment_id billing_system kind invoice_id account_id customer_id currency amount_minor paid_at status",
        *[
            {
                "payment_id": f"payment of {key}",
                "billing_system": "erp",
                "kind": "payment",
                "invoice_id": key,
                "account_id": "child",
                "customer_id": customer,
                "currency": currency,
                "amount_minor": 1000,
                "paid_at": NOON,
                "status": "succeeded",
            }
            for key, customer, currency in paid
        ],
    )
    assert world.breaks("recon_c1__invoices_to_payments", ["recon_c1__due", "recon_c1__paid"]) == {
        "erp|open": ("PAID_NOT_CLOSED", 0),
        "erp|paid by stranger": ("MISAPPLIED", 0),
        "erp|in yen": ("WRONG_CUR", 1000),
        "erp|unpaid": ("UNPAID", 1000),
    }


def wires(world: SmallWorld) -> None:
    """Bank credits and the payments that the ERP recorded for them."""
    receipts = [
        # key, amount, words, party
        ("matched", 5000, " ANN INC WIRE 77001 ", "ann"),
        ("batch", 9000, " ANN INC INV 1003 INV 1004 ", "ann"),
        ("unknown payer", 4100, " SOMEBODY ", None),
        ("known and not recorded", 4200, " BOB LTD ", "bob"),
        ("for another invoice", 4300, " BOB LTD WIRE 77002 INV 1009 ", "bob"),
    ]
    world.table(
        "int_cash__receipts",
        RECEIPTS,
        *[
            {
                "bank_line_key": key,
                "currency": "usd",
                "amount_minor": amount,
                "booking_on": DAY,
                "words": words,
                "party": party,
            }
            for key, amount, words, party in receipts
        ],
    )
    payments = [
        ("1", "WIRE77001", "ann", 5000),
        ("2", None, "ann", 6000),
        ("3", None, "ann", 3000),
        ("4", "WIRE77002", "bob", 4300),
        ("5", "NEVER-CAME", "bob", 8800),
    ]
    world.table(
        "int_cash__recorded_receipts",
        RECORDED,
        *[
            {
                "transaction_id": key,
                "memo": memo,
                "party": party,
                "currency": "usd",
                "amount_minor": amount,
                "transaction_on": DAY,
            }
            for key, memo, party, amount in payments
        ],
    )
    applied = [("1", "1001", 5000), ("2", "1003", 6000), ("3", "1004", 2000), ("4", "1008", 4300), ("5", "1007", 9000)]
    world.table(
        "stg_erp__transaction_lines",
        ERP_LINES,
        *[
            {
                "transaction_id": payment,
                "transaction_line_key": f"{payment}|1",
                "applied_to_transaction_id": invoice,
                "currency": "usd",
                "applied_minor": amount,
                "is_deleted": False,
            }
            for payment, invoice, amount in applied
        ],
    )
    world.table(
        "int_billing__erp_invoices",
        "invoice_id invoice_number account_id currency is_billed",
        *[
            {
                "invoice_id": str(number),
                "invoice_number": f"INV-{number}",
                "account_id": "account of bob" if number > 1006 else "account of ann",
                "currency": "usd",
                "is_billed": True,
            }
            for number in range(1001, 1010)
        ],
    )
    world.table(
        "int_customers__families",
        "account_id family_id",
        {"account_id": "account of ann", "family_id": "ann"},
        {"account_id": "account of bob", "family_id": "bob"},
    )
    world.table("int_cash__receipt_invoice_matches", "bank_line_key")


def test_what_the_bank_credits_is_recorded_and_what_is_recorded_came(world: SmallWorld) -> None:
    wires(world)
    models = ["int_cash__recorded_receipt_matches", "recon_c1__receipts", "recon_c1__recorded"]
    assert world.breaks("recon_c1__receipts_to_payments", models) == {
        "unknown payer": ("UNIDENTIFIED", 4100),
        "known and not recorded": ("UNAPPLIED", 4200),
        "payment|4": ("MISAPPLIED", 0),
        "payment|5": ("CLOSED_NOT_PAID", -8800),
    }


def test_a_payment_is_applied_whole_and_no_more_than_whole(world: SmallWorld) -> None:
    wires(world)
    assert world.breaks("recon_c1__payments_to_applications", ["recon_c1__received", "recon_c1__applied"]) == {
        "payment|3": ("UNAPPLIED", 1000),
        "payment|5": ("MISAPPLIED", -200),
    }


def test_a_suggestion_says_why_and_how_many_are_as_good(world: SmallWorld) -> None:
    receipts = [("short", 47_500, " ANN INC INV 1001 ", "ann"), ("either", 900, " SOMEBODY ", None)]
    world.table(
        "int_cash__receipts",
        RECEIPTS,
        *[
            {
                "bank_line_key": key,
                "currency": "usd",
                "amount_minor": amount,
                "booking_on": DAY,
                "words": words,
                "party": party,
            }
            for key, amount, words, party in receipts
        ],
    )
    world.table("int_cash__recorded_receipt_matches", "bank_line_key")
    world.table("int_cash__receipt_invoice_matches", "bank_line_key invoice_key")
    world.table(
        "int_cash__receivables",
        "invoice_key invoice_number party currency amount_minor invoice_on",
        *[
            {
                "invoice_key": f"erp|{number}",
                "invoice_number": f"INV-{number}",
                "party": party,
                "currency": "usd",
                "amount_minor": amount,
                "invoice_on": "2026-09-01",
            }
            for number, party, amount in (
                (1001, "ann", 50_000),
                (1002, "bob", 900),
                (1003, "eve", 900),
                (1004, "ann", 99),
            )
        ],
    )
    world.table(
        "int_catalog__policies", POLICIES, {"policy": "bank_fee_band:usd", "value": "3500", "valid_from": "2020-01-01"}
    )
    world.model("int_cash__receipt_suggestions")
    found = {row[:2]: row[5:] for row in world.select("int_cash__receipt_suggestions")}
    unknown = "does not name the invoice, payer unknown or another, amount agrees"
    assert found == {
        ("short", "erp|1001"): (
            2500, 1, 1, "names the invoice, customer agrees, short by 2500", "PARTNER.bank_fee",
        ),
        ("either", "erp|1002"): (0, 1, 2, unknown, None),
        ("either", "erp|1003"): (0, 1, 2, unknown, None),
    }  # fmt: skip


def test_what_the_bank_merged_or_split_is_put_together_only_when_it_adds_up_in_one_way(world: SmallWorld) -> None:
    payouts = [
        # key, amount, arrival, trace
        ("plain", 1000, DAY, "TRACEPLAIN"),
        ("wrong account", 1100, DAY, "TRACEWRONG"),
        ("named 1", 2000, DAY, "TRACEONE"),
        ("named 2", 3000, DAY, "TRACETWO"),
        ("named short 1", 2100, DAY, "TRACESIX"),
        ("named short 2", 3100, DAY, "TRACETEN"),
        ("merged 1", 40_100, "2026-10-12", None),
        ("merged 2", 50_200, "2026-10-12", None),
        ("split", 7_070, "2026-10-19", None),
        ("split in words", 800, DAY, "TRACESPLIT"),
        ("twin 1", 600, "2026-10-26", None),
        ("twin 2", 600, "2026-10-26", None),
        ("twin 3", 600, "2026-10-26", None),
        ("taken back", -900, DAY, "TRACEBACK"),
        ("on its way", 500, "2026-11-06", None),
    ]
    world.table(
        "int_cash__payouts",
        "payout_id status is_automatic currency amount_minor arrival_on trace_id file_line",
        *[
            {
                "payout_id": key,
                "status": "paid",
                "currency": "usd",
                "amount_minor": amount,
                "arrival_on": arrival,
                "trace_id": trace,
            }
            for key, amount, arrival, trace in payouts
        ],
    )
    lines = [
        ("a", 1000, DAY, "STRIPE TRACEPLAIN"),
        ("b", 1100, DAY, "STRIPE TRACEWRONG"),
        ("c", 5000, DAY, "STRIPE TRACEONE TRACETWO"),
        ("d", 5000, DAY, "STRIPE TRACESIX TRACETEN"),
        ("e", 90_300, "2026-10-12", "STRIPE"),
        ("f", 7_000, "2026-10-19", "STRIPE"),
        ("g", 70, "2026-10-19", "STRIPE"),
        ("h", 500, DAY, "STRIPE TRACESPLIT"),
        ("i", 200, DAY, "STRIPE TRACESPLIT"),
        ("j", 1200, "2026-10-26", "STRIPE"),
        ("k", -900, DAY, "STRIPE TRACEBACK"),
    ]
    world.table(
        "int_cash__bank_lines",
        "bank_line_key bank_account_id booking_on currency amount_minor entry_text is_processor names_charges"
        " file_line",
        *[
            {
                "bank_line_key": key,
                "bank_account_id": "savings" if key == "b" else "payouts",
                "booking_on": day,
                "currency": "usd",
                "amount_minor": amount,
                "entry_text": text,
                "is_processor": True,
                "names_charges": False,
            }
            for key, amount, day, text in lines
        ],
    )
    world.table(
        "int_catalog__policies",
        POLICIES,
        {"policy": "payout_account:usd", "value": "payouts", "valid_from": "2020-01-01"},
    )
    models = [
        "int_cash__payout_bank_trace_matches",
        "int_cash__payout_bank_amount_matches",
        "int_cash__payout_bank_matches",
        "int_cash__deposit_groups",
        "recon_c4__payouts",
        "recon_c4__bank_entries",
    ]
    assert world.breaks("recon_c4__payouts_to_bank", models) == {
        "wrong account": ("WRONG_ACCOUNT", 0),
        "d": ("COMBINED_DEPOSIT", 200),
        "split in words": ("SPLIT_DEPOSIT", 100),
        "twin 1": ("NOT_RECEIVED", 600),
        "twin 2": ("NOT_RECEIVED", 600),
        "twin 3": ("NOT_RECEIVED", 600),
        "j": ("UNKNOWN_CREDIT", -1200),
    }
    assert world.statuses("recon_c4__payouts_to_bank")["on its way"] == "expected"


def posting(key: str, amount: int, origin: str | None, kind: str = "CustPymt", day: str = DAY) -> dict[str, Any]:
    """A posting to clearing, debit positive."""
    return {
        "transaction_id": key,
        "transaction_line_id": "0",
        "account_id": "3",
        "transaction_type": kind,
        "external_id": origin,
        "gl_account": "1200",
        "gl_account_type": "OthCurrAsset",
        "transaction_on": day,
        "currency": "usd",
        "amount_minor": amount,
    }


GL_LINES = (
    "transaction_id transaction_line_id account_id transaction_type external_id customer_id gl_account gl_account_type"
    " transaction_on created_at currency amount_minor file_line"
)


def test_clearing_returns_to_zero_payout_by_payout(world: SmallWorld) -> None:
    world.table(
        "int_ledger__erp_gl_lines",
        GL_LINES,
        posting("10", 1000, "pi_1"),
        posting("11", 500, "pi_2"),
        posting("12", -200, "re_1", "CustRfnd"),
        posting("13", -1300, "po_1", "Deposit"),
        posting("14", 700, "pi_3"),
        posting("15", -690, "po_2", "Deposit"),
        posting("16", 400, "pi_4"),
        posting("17", 300, "pi_today", day="2026-11-08"),
        posting("18", -50, None, "Journal"),
        posting("19", 900, "pi_5"),
        posting("20", -900, "po_failed", "Deposit"),
        posting("21", 900, "po_failed-failed", "Journal"),
        posting("22", -900, "po_again", "Deposit"),
    )
    world.table(
        "int_catalog__policies",
        POLICIES,
        {"policy": "clearing_account:1200", "value": "payout", "valid_from": "2020-01-01"},
    )
    world.table(
        "stg_stripe__payment_intents",
        "payment_intent_id latest_charge_id is_deleted",
        *[
            {"payment_intent_id": f"pi_{name}", "latest_charge_id": f"ch_{name}", "is_deleted": False}
            for name in ("1", "2", "3", "4", "5", "today")
        ],
    )
    booked = [("ch_1", 1000), ("ch_2", 500), ("re_1", -200), ("ch_3", 700), ("ch_5", 900), ("po_failed", 900)]
    world.table(
        "int_cash__balance_transactions",
        "balance_transaction_id source_id amount_minor available_on",
        *[
            {
                "balance_transaction_id": f"txn_{source}",
                "source_id": source,
                "amount_minor": amount,
                "available_on": DAY,
            }
            for source, amount in (*booked, ("ch_4", 400))
        ],
        {
            "balance_transaction_id": "txn_today",
            "source_id": "ch_today",
            "amount_minor": 300,
            "available_on": "2026-11-10",
        },
    )
    listed = [("txn_ch_1", "po_1"), ("txn_ch_2", "po_1"), ("txn_re_1", "po_1"), ("txn_ch_3", "po_2")]
    listed += [("txn_ch_5", "po_failed"), ("txn_po_failed", "po_again")]
    world.table(
        "int_cash__payout_members",
        "payout_id balance_transaction_id listing_no",
        *[{"payout_id": payout, "balance_transaction_id": key, "listing_no": 1} for key, payout in listed],
    )
    world.table(
        "int_cash__payouts",
        "payout_id arrival_on failure_balance_transaction_id",
        *[
            {
                "payout_id": key,
                "arrival_on": "2026-10-08",
                "failure_balance_transaction_id": "txn_po_failed" if key == "po_failed" else None,
            }
            for key in ("po_1", "po_2", "po_failed", "po_again")
        ],
    )
    models = ["int_ledger__clearing_postings", "recon_c8__debits", "recon_c8__credits"]
    assert world.breaks("recon_c8__clearing_to_zero", models) == {
        "1200|po_2": ("NONZERO_AGED", 10),
        "1200|ch_4": ("NONZERO_AGED", 400),
        "1200|18": ("NONZERO_AGED", -50),
    }
    assert world.statuses("recon_c8__clearing_to_zero")["1200|ch_today"] == "expected"


def test_receivables_in_the_general_ledger_are_those_of_the_documents(world: SmallWorld) -> None:
    documents = [
        # key, type, status, total, posting, made at
        ("tied", "CustInvc", "A", 1000, True, NOON),
        ("paid", "CustPymt", "C", 1000, True, NOON),
        ("credited", "CustCred", "B", -300, True, NOON),
        ("void", "CustInvc", "V", 1000, False, NOON),
        ("differs", "CustInvc", "A", 1000, True, NOON),
        ("not posted", "CustInvc", "A", 1000, False, NOON),
        ("without posting", "CustInvc", "A", 1000, True, NOON),
        ("made after the close", "CustInvc", "A", 1000, True, "2026-11-07 12:00+00"),
    ]
    world.table(
        "stg_erp__transactions",
        "transaction_id transaction_type status total_minor is_posting created_at transaction_on currency customer_id"
        " accounting_period_id is_deleted load_id line_no",
        *[
            {
                "transaction_id": key,
                "transaction_type": kind,
                "status": status,
                "total_minor": total,
                "is_posting": posts,
                "created_at": made,
                "transaction_on": DAY,
                "currency": "usd",
                "accounting_period_id": "oct",
                "is_deleted": False,
            }
            for key, kind, status, total, posts, made in documents
        ],
    )
    world.table("stg_erp__transaction_accounting_lines", "delivered_on", {"delivered_on": DAY})
    world.table(
        "stg_erp__accounting_periods",
        "accounting_period_id is_closed updated_at",
        {"accounting_period_id": "oct", "is_closed": True, "updated_at": "2026-11-05 00:00+00"},
    )
    world.table("int_customers__crosswalk", "account_id erp_customer_id")
    booked = [("tied", 1000, "CustInvc"), ("paid", -600, "CustPymt"), ("paid", -400, "CustPymt")]
    booked += [("credited", -300, "CustCred"), ("differs", 999, "CustInvc"), ("made after the close", 1000, "CustInvc")]
    booked += [("by hand", 50, "Journal"), ("unknown", 70, "CashSale"), ("revalued", 5, "FxReval")]
    rows = [posting(key, amount, None, kind) for key, amount, kind in booked]
    for number, row in enumerate(rows):
        row.update({"gl_account": "1100", "gl_account_type": "AcctRec", "transaction_line_id": str(number)})
    world.table("int_ledger__erp_gl_lines", GL_LINES, *rows)
    sides = ["recon_g1__documents", "recon_g1__control_account"]
    assert world.breaks("recon_g1__receivables_to_gl", sides) == {
        "differs": ("CONTROL_DIFF", 1),
        "not posted": ("UNPOSTED_DOC", 1000),
        "without posting": ("SUBLEDGER_ONLY", 1000),
        "made after the close": ("BACKDATED", 0),
        "by hand": ("MANUAL_JE_ON_CONTROL", -50),
        "unknown": ("GL_ONLY", -70),
    }


def books(world: SmallWorld) -> None:
    """September and October, closed; November open."""
    world.table(
        "periods",
        "entity period status",
        *[
            {"entity": "main", "period": month, "status": status}
            for month, status in (("2026-09-01", "closed"), ("2026-10-01", "closed"), ("2026-11-01", "open"))
        ],
    )
    world.table(
        "period_events",
        "entity event_no period event",
        {"entity": "main", "event_no": 1, "period": "2026-09-01", "event": "closed"},
        {"entity": "main", "event_no": 2, "period": "2026-10-01", "event": "closed"},
    )


def test_a_closed_month_reads_as_it_was_closed(world: SmallWorld) -> None:
    books(world)
    at_close = [(1, "2026-09-01", "revenue", -500), (2, "2026-10-01", "revenue", -700), (2, "2026-10-01", "cash", 700)]
    world.table(
        "balances",
        "entity event_no period account currency functional_currency movement_minor functional_movement_minor",
        *[
            {
                "entity": "main",
                "event_no": event,
                "period": month,
                "account": account,
                "currency": "usd",
                "functional_currency": "usd",
                "movement_minor": amount,
                "functional_movement_minor": amount,
            }
            for event, month, account, amount in at_close
        ],
    )
    today = [("2026-09-01", "revenue", -500), ("2026-10-01", "revenue", -690), ("2026-10-01", "fees", -10)]
    today += [("2026-10-01", "cash", 700), ("2026-11-01", "revenue", -1)]
    world.table(
        "journal_lines",
        "entity posted_period account currency functional_currency amount_minor functional_minor",
        *[
            {
                "entity": "main",
                "posted_period": month,
                "account": account,
                "currency": "usd",
                "functional_currency": "usd",
                "amount_minor": amount,
                "functional_minor": amount,
            }
            for month, account, amount in today
        ],
    )
    world.table(
        "fct_trial_balance",
        "entity period account currency functional_currency debit_minor credit_minor functional_debit_minor"
        " functional_credit_minor",
        *[
            {
                "entity": "main",
                "period": month,
                "account": account,
                "currency": "usd",
                "functional_currency": "usd",
                "debit_minor": max(amount, 0),
                "credit_minor": max(-amount, 0),
                "functional_debit_minor": max(amount, 0),
                "functional_credit_minor": max(-amount, 0),
            }
            for _, month, account, amount in at_close
        ],
    )
    assert world.breaks("recon_p1__closed_to_current", ["recon_p1__as_closed", "recon_p1__current"]) == {
        "journal|main|2026-10|revenue|usd|usd": ("RESTATED", -10),
        "journal|main|2026-10|fees|usd|usd": ("RESTATED", 10),
    }


def test_deferred_revenue_goes_on_from_close_to_close(world: SmallWorld) -> None:
    books(world)
    moved = (
        "opening",
        "billed",
        "recognised",
        "refunded",
        "disputed",
        "credited",
        "voided",
        "written_off",
        "adjusted",
    )
    months = [
        ("2026-09-01", "usd", (0, 900, -300, 0, 0, 0, 0, 0, 0)),
        ("2026-10-01", "usd", (600, 100, -200, -50, 0, 0, 0, 0, 0)),
        ("2026-09-01", "eur", (0, 900, -300, 0, 0, 0, 0, 0, 0)),
        ("2026-10-01", "eur", (590, 0, -100, 0, 0, 0, 0, 0, 0)),
        ("2026-10-01", "jpy", (0, 0, -70, 0, 0, 0, 0, 0, 0)),
    ]
    world.table(
        "fct_deferred_revenue_rollforward",
        "entity period currency functional_currency is_closed " + " ".join(f"{name}_minor" for name in moved),
        *[
            {
                "entity": "main",
                "period": month,
                "currency": currency,
                "functional_currency": "usd",
                "is_closed": True,
                **{f"{name}_minor": amount for name, amount in zip(moved, amounts, strict=True)},
            }
            for month, currency, amounts in months
        ],
    )
    at_close = [
        (1, "2026-09-01", "usd", 600),
        (2, "2026-10-01", "usd", 440),
        (1, "2026-09-01", "eur", 600),
        (2, "2026-10-01", "eur", 490),
        (2, "2026-10-01", "jpy", -70),
    ]
    world.table(
        "balances",
        "entity event_no period account currency functional_currency balance_minor",
        *[
            {
                "entity": "main",
                "event_no": event,
                "period": month,
                "account": "deferred_revenue",
                "currency": currency,
                "functional_currency": "usd",
                "balance_minor": -amount,
            }
            for event, month, currency, amount in at_close
        ],
    )
    assert world.breaks("recon_g2__rollforward_to_closings", ["recon_g2__carried", "recon_g2__balances"]) == {
        "closing|main|2026-10|usd|usd": ("ROLL", 10),
        "opening|main|2026-10|eur|usd": ("OPEN_NE_PRIOR_CLOSE", -10),
        "closing|main|2026-10|jpy|usd": ("NEG_DEFERRED", 0),
    }


@pytest.mark.parametrize(
    ("control", "sides", "account", "break_class"),
    [
        (
            "recon_g2__deferred_to_gl",
            ("recon_g2__deferred_booked", "recon_g2__deferred_in_gl"),
            "deferred_revenue",
            "ROLL",
        ),
        (
            "recon_g2__unbilled_to_gl",
            ("recon_g2__unbilled_booked", "recon_g2__unbilled_in_gl"),
            "unbilled_receivable",
            "UNBILLED",
        ),
        ("recon_g3__revenue_to_gl", ("recon_g3__revenue_booked", "recon_g3__revenue_in_gl"), "revenue", "REV_DIFF"),
    ],
)
def test_the_general_ledger_holds_what_the_journal_says(
    world: SmallWorld, control: str, sides: tuple[str, str], account: str, break_class: str
) -> None:
    books(world)
    world.table(
        "int_ledger__gl_accounts",
        "entity account valid_from valid_to gl_account",
        {"entity": "main", "account": account, "valid_from": "2020-01-01", "gl_account": "4000"},
    )
    world.table(
        "journal_lines",
        "entity posted_period account currency amount_minor",
        *[
            {
                "entity": "main",
                "posted_period": month,
                "account": account,
                "currency": currency,
                "amount_minor": -amount,
            }
            for month, currency, amount in (
                ("2026-10-01", "usd", 900),
                ("2026-10-01", "eur", 300),
                ("2026-09-01", "usd", 50),
            )
        ],
    )
    transferred = [
        ("tieout-main-2026-10-1-usd", "usd", 900),
        ("tieout-main-2026-10-1-eur", "eur", 300),
        (None, "eur", 20),
    ]
    rows = [
        {**posting(str(number), -amount, origin, "Journal"), "gl_account": "4000", "currency": currency}
        for number, (origin, currency, amount) in enumerate(transferred)
    ]
    world.table("int_ledger__erp_gl_lines", GL_LINES + " posted_month", *rows)
    world.set_column("int_ledger__erp_gl_lines", "posted_month", "date", "2026-10-01")
    assert world.breaks(control, sides) == {"main|2026-10|4000|eur": (break_class, -20)}


INVOICED = (
    "invoice_line_id billing_system invoice_id subscription_id account_id currency net_minor line_kind is_billed"
    " invoice_on period_end:timestamptz load_id line_no"
)
SCHEDULES = "invoice_line_id billing_system month_on currency amount_minor line_net_minor account_id"


def scheduled(world: SmallWorld, lines: dict[str, dict[str, Any]], months: dict[str, dict[str, int]]) -> None:
    """Lines of 1 October (12.00 eur of the subscription of their name) and what is earned of them by month."""
    world.table(
        "int_billing__invoice_lines",
        INVOICED,
        *[
            {
                "invoice_line_id": key,
                "billing_system": "stripe",
                "invoice_id": f"in {key}",
                "subscription_id": key,
                "currency": "eur",
                "net_minor": 1200,
                "line_kind": "recurring",
                "is_billed": True,
                "invoice_on": "2026-10-01",
                **line,
            }
            for key, line in lines.items()
        ],
    )
    world.table(
        "fct_revenue_schedules",
        SCHEDULES,
        *[
            {
                "invoice_line_id": key,
                "billing_system": "stripe",
                "month_on": month,
                "currency": "eur",
                "amount_minor": minor,
                "line_net_minor": 1200,
            }
            for key, found in months.items()
            for month, minor in found.items()
        ],
    )


def test_every_invoiced_line_has_a_schedule_that_adds_up_to_it(world: SmallWorld) -> None:
    whole = {"2026-10-01": 700, "2026-11-01": 500}
    scheduled(
        world,
        {"tied": {}, "short": {}, "unscheduled": {}, "of nothing": {"net_minor": 0}, "draft": {"is_billed": False}},
        {"tied": whole, "short": {"2026-10-01": 1199}, "taken back": whole},
    )
    control = "recon_g2__lines_to_schedules"
    assert world.breaks(control, ["recon_g2__invoiced_lines", "recon_g2__scheduled_lines"]) == {
        "short": ("SCHEDULE_SUM", 1),
        "unscheduled": ("NO_SCHEDULE", 1200),
        "taken back": ("STALE", -1200),
    }


def test_a_foreign_balance_that_is_open_at_a_closed_month_s_end_was_revalued(world: SmallWorld) -> None:
    def moved(month: str, minor: int, kind: str = "CustInvc", account: str = "1100", **other: Any) -> dict[str, Any]:
        return {
            "gl_account": account,
            "gl_account_type": "AcctRec",
            "transaction_type": kind,
            "transaction_id": f"{kind} {month}",
            "currency": "eur",
            "functional_currency": "usd",
            "amount_minor": minor,
            "posted_month": month,
            **other,
        }

    world.table(
        "int_ledger__erp_gl_lines",
        "transaction_id transaction_type gl_account gl_account_type currency functional_currency amount_minor"
        " posted_month:date file_line",
        moved("2026-07-01", 900),
        moved("2026-08-01", 0, "FxReval"),
        moved("2026-09-01", -400, "CustPymt"),
        moved("2026-09-01", 50, account="1101"),
        moved("2026-10-01", -50, "CustPymt", account="1101"),
        moved("2026-10-01", 10, currency="usd"),
        moved("2026-10-01", 0, "FxReval"),
    )
    world.table(
        "stg_erp__accounting_periods",
        "start_on is_closed is_deleted",
        *[
            {"start_on": f"2026-{month:02d}-01", "is_closed": month < 11, "is_deleted": False}
            for month in (7, 8, 9, 10, 11)
        ],
    )
    sides = ["recon_g1__balances_open", "recon_g1__balances_revalued"]
    assert world.breaks("recon_g1__balances_to_revaluations", sides) == {
        "revaluation|1100|eur|2026-09": ("FX_REVAL", None),
        "revaluation|1101|eur|2026-09": ("FX_REVAL", None),
    }
