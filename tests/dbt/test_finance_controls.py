"""Controls of the bank's statements, tax, the price list, rates, the books: every class, beside what looks like one."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import psycopg
import pytest

from tests.dbt.small_rows import SmallWorld

GL_LINES = (
    "transaction_id transaction_line_id account_id transaction_type external_id customer_id gl_account gl_account_type"
    " posted_month_on transaction_on created_at currency amount_minor file_line"
)
ERP_TRANSACTIONS = (
    "transaction_id transaction_type status is_posting currency total_minor transaction_on created_at customer_id"
    " accounting_period_id exchange_rate is_deleted load_id line_no"
)
SINCE = "2020-01-01"


@pytest.fixture
def world(module_warehouse: str) -> Iterator[SmallWorld]:
    """A session with the registry."""
    with psycopg.connect(module_warehouse) as connection:
        yield SmallWorld(connection)


def test_statements_go_on_from_one_another_and_add_up(world: SmallWorld) -> None:
    columns = (
        "statement_key bank_account_id currency statement_id opening_balance_minor entries_minor closing_balance_minor"
        " previous_closing_minor previous_file_line verdict end_on file_line"
    )
    statements = [
        ("first", None, 0, 100, 100, "first"),
        ("next", 100, 100, -30, 70, "continues"),
        ("sum is wrong", 70, 70, 10, 90, "continues"),
        ("one is missing", 90, 150, 10, 160, "number_gap"),
        ("missing, with nothing on it", 160, 160, 5, 165, "number_gap"),
        ("came twice", 165, 160, 5, 165, "duplicate_number"),
        ("opens elsewhere", 165, 200, 5, 205, "balance_jump"),
    ]
    world.table(
        "int_cash__bank_statements",
        columns,
        *[
            {
                "statement_key": key,
                "currency": "eur",
                "previous_closing_minor": before,
                "opening_balance_minor": opening,
                "entries_minor": entries,
                "closing_balance_minor": closing,
                "verdict": verdict,
                "end_on": "2026-10-06",
            }
            for key, before, opening, entries, closing, verdict in statements
        ],
    )
    load = "00000000-0000-0000-0000-000000000001"
    world.rows(
        "stg_ops__loads",
        {
            "load_id": load,
            "system": "bank",
            "object": "statements",
            "delivered_on": "2026-10-07",
            "file_name": "day.sta",
        },
    )
    world.table(
        "int_quarantine__open_records",
        "load_id line_no system object delivered_on reason record_id",
        *[
            {"load_id": load, "line_no": number, "system": "bank", "delivered_on": "2026-10-07", "reason": reason}
            for number, reason in enumerate(["statement_sum", "intraday", "no_balance"], start=1)
        ],
    )
    aside = "set aside|bank|statements|2026-10-07|day.sta:"
    found = world.breaks("recon_c6__statements_to_entries", ["recon_c6__carried", "recon_c6__closing"])
    assert found == {
        "sum is wrong": ("STMT_SUM", -10),
        "one is missing": ("STMT_GAP", -60),
        "missing, with nothing on it": ("STMT_GAP", 0),
        "came twice": ("STMT_DUP", 5),
        "opens elsewhere": ("BALANCE_JUMP", -35),
        f"{aside}1": ("STMT_SUM", None),
        f"{aside}2": ("INTRADAY_USED_AS_FINAL", None),
    }


def tax_world(world: SmallWorld, lines: list[dict[str, Any]]) -> None:
    """Invoiced lines of the first of October, taxed in Stripe, with what decides about their tax."""
    world.table(
        "int_billing__invoice_lines",
        "invoice_line_id invoice_id billing_system account_id price_code currency net_minor tax_minor invoice_on"
        " is_billed load_id line_no",
        *[
            {
                "invoice_id": "in_1",
                "billing_system": "stripe",
                "price_code": "seat",
                "currency": "eur",
                "invoice_on": "2026-10-01",
                "is_billed": True,
                **{name: value for name, value in line.items() if name != "rate"},
            }
            for line in lines
        ],
    )
    world.table("int_billing__invoices", "invoice_id billing_system customer_id")
    world.table("stg_stripe__customers", "customer_id country")
    world.table(
        "int_customers__crosswalk",
        "account_id country erp_customer_id",
        {"account_id": "german", "country": "DE"},
        {"account_id": "exempt", "country": "DE"},
        {"account_id": "nowhere taxed", "country": "US"},
    )
    world.table(
        "int_catalog__prices",
        "price_code tax_code stripe_price_id",
        {"price_code": "seat", "tax_code": "saas", "stripe_price_id": "price_1"},
        {"price_code": "with tax inside", "tax_code": "saas", "stripe_price_id": "price_2"},
    )
    world.table(
        "stg_stripe__prices",
        "price_id tax_behavior",
        {"price_id": "price_1", "tax_behavior": "exclusive"},
        {"price_id": "price_2", "tax_behavior": "inclusive"},
    )
    world.table(
        "int_billing__tax_rates",
        "jurisdiction product_tax_code rate valid_from used_until",
        {
            "jurisdiction": "DE",
            "product_tax_code": "saas",
            "rate": "0.16",
            "valid_from": SINCE,
            "used_until": "2026-10-01",
        },
        {"jurisdiction": "DE", "product_tax_code": "saas", "rate": "0.19", "valid_from": "2026-10-01"},
    )
    world.table(
        "int_billing__tax_exemptions",
        "account_id jurisdiction reason valid_from valid_to",
        {"account_id": "exempt", "jurisdiction": "DE", "reason": "charity", "valid_from": SINCE},
    )
    world.table(
        "stg_stripe__invoice_line_taxes",
        "invoice_line_id tax_rate_id is_deleted",
        *[
            {"invoice_line_id": line["invoice_line_id"], "tax_rate_id": line["rate"], "is_deleted": False}
            for line in lines
            if "rate" in line
        ],
    )
    world.table(
        "stg_stripe__tax_rates",
        "tax_rate_id country is_deleted",
        {"tax_rate_id": "txr_de", "country": "DE", "is_deleted": False},
        {"tax_rate_id": "txr_fr", "country": "FR", "is_deleted": False},
    )


def test_tax_on_a_line_is_that_of_its_place_and_day(world: SmallWorld) -> None:
    def line(key: str, tax: int, account: str = "german", **other: Any) -> dict[str, Any]:
        return {"invoice_line_id": key, "account_id": account, "net_minor": 1000, "tax_minor": tax, **other}

    tax_world(
        world,
        [
            line("right", 190, rate="txr_de"),
            line("rounded down", 189, rate="txr_de"),
            line("credit", -190, net_minor=-1000, rate="txr_de"),
            line("last year's rate", 160, rate="txr_de"),
            line("untaxed", 0),
            line("exempt and taxed", 190, "exempt", rate="txr_de"),
            line("exempt", 0, "exempt"),
            line("nowhere taxed", 0, "nowhere taxed"),
            line("of another country", 200, rate="txr_fr"),
            line("of the day before", 160, invoice_on="2026-09-30", rate="txr_de"),
            line("with tax inside", 0, price_code="with tax inside"),
        ],
    )
    sides = ["recon_t1__taxable_lines", "recon_t1__expected", "recon_t1__printed"]
    assert world.breaks("recon_t1__rates_to_lines", sides) == {
        "rounded down": (None, 1),
        "last year's rate": ("RATE_DRIFT", 30),
        "untaxed": ("NO_TAX_TAXABLE", 190),
        "exempt and taxed": ("TAX_EXEMPT", -190),
        "of another country": ("JURISDICTION", -10),
    }


def test_the_tax_of_a_document_is_what_is_owed_in_the_books(world: SmallWorld) -> None:
    documents = [("invoice", "CustInvc", 190), ("off by one", "CustInvc", 190), ("memo", "CustCred", -19)]
    world.table(
        "stg_erp__transactions",
        ERP_TRANSACTIONS,
        *[
            {
                "transaction_id": key,
                "transaction_type": kind,
                "is_posting": True,
                "transaction_on": "2026-10-01",
                "is_deleted": False,
            }
            for key, kind, _ in documents
        ],
    )
    world.table(
        "stg_erp__transaction_lines",
        "transaction_id transaction_line_id transaction_line_key currency amount_minor is_tax_line is_deleted load_id"
        " line_no",
        *[
            {
                "transaction_id": key,
                "transaction_line_id": "2",
                "transaction_line_key": f"{key}|2",
                "currency": "eur",
                "amount_minor": amount,
                "is_tax_line": True,
                "is_deleted": False,
            }
            for key, _, amount in documents
        ],
    )
    postings = [("invoice", "CustInvc", -190), ("off by one", "CustInvc", -191), ("memo", "CustCred", 19)]
    postings += [("by hand", "Journal", -500), ("paid to the office", "TaxPymt", 700)]
    world.table(
        "int_ledger__erp_gl_lines",
        GL_LINES,
        *[
            {
                "transaction_id": key,
                "transaction_line_id": "2",
                "account_id": "4",
                "gl_account": "2100",
                "gl_account_type": "OthCurrLiab",
                "transaction_type": kind,
                "currency": "eur",
                "amount_minor": amount,
                "transaction_on": "2026-10-01",
            }
            for key, kind, amount in postings
        ],
    )
    sides = ["recon_t1__document_taxes", "recon_t1__payable"]
    assert world.breaks("recon_t1__documents_to_payable", sides) == {
        "off by one": ("PAYABLE_DIFF", -1),
        "by hand": ("PAYABLE_DIFF", -500),
    }


def test_a_credit_note_takes_the_tax_of_its_lines_back(world: SmallWorld) -> None:
    notes = [("whole", 1190, 1000), ("half", 595, 500), ("without its tax", 500, 500), ("untaxed line", 300, 300)]
    world.table(
        "stg_stripe__credit_notes",
        "credit_note_id status currency total_minor subtotal_minor discount_minor created_at effective_at is_deleted"
        " load_id line_no delivered_on",
        *[
            {
                "credit_note_id": key,
                "status": "issued",
                "currency": "eur",
                "total_minor": total,
                "subtotal_minor": net,
                "is_deleted": False,
                "delivered_on": "2026-10-05",
            }
            for key, total, net in notes
        ],
    )
    world.table(
        "stg_stripe__credit_note_lines",
        "credit_note_id invoice_line_id amount_minor discount_minor is_deleted",
        *[
            {
                "credit_note_id": key,
                "invoice_line_id": "free" if key == "untaxed line" else "taxed",
                "amount_minor": net,
                "is_deleted": False,
            }
            for key, _, net in notes
        ],
    )
    world.table(
        "int_billing__invoice_lines",
        "invoice_line_id billing_system account_id net_minor tax_minor",
        {"invoice_line_id": "taxed", "billing_system": "stripe", "net_minor": 1000, "tax_minor": 190},
        {"invoice_line_id": "free", "billing_system": "stripe", "net_minor": 1000, "tax_minor": 0},
    )
    sides = ["recon_t1__note_taxes", "recon_t1__notes_taxable", "recon_t1__notes_reversed"]
    assert world.breaks("recon_t1__notes_to_taxes", sides) == {
        "note|without its tax": ("CN_TAX_NOT_REVERSED", 95),
    }


def price_world(world: SmallWorld) -> None:
    """A price list, and Stripe, CRM and ERP that agree with it in some things."""
    prices = [
        # code, currency, minor units, Stripe, CRM, ERP, sold until
        ("same", "usd", 900, "price_same", "SAME", "1", None),
        ("dearer", "usd", 900, "price_dearer", "DEARER", "2", None),
        ("not there", "usd", 900, "price_gone", "GONE", "3", None),
        ("half there", "eur", 900, "price_half_eur", None, None, None),
        ("half there", "usd", 900, "price_half_usd", None, None, None),
        ("yearly", "usd", 900, "price_yearly", None, None, None),
        ("goods", "usd", 900, "price_goods", None, "4", None),
        ("switched off", "usd", 900, "price_off", None, None, None),
        ("old and kept", "usd", 900, "price_kept", None, None, "2026-09-01"),
        ("old and on", "usd", 900, "price_old_on", None, None, "2026-09-01"),
        ("old and off", "usd", 900, "price_old_off", None, None, "2026-09-01"),
    ]
    world.table(
        "int_catalog__prices",
        "price_code product_code currency unit_amount_minor included_quantity charge_model billing_interval"
        " tax_code revenue_account stripe_price_id crm_product_code erp_item_id valid_from valid_to"
        " interval_count",
        *[
            {
                "price_code": f"{code}-{currency}",
                "product_code": code,
                "currency": currency,
                "unit_amount_minor": minor,
                "charge_model": "per_unit",
                "billing_interval": "month",
                "interval_count": 1,
                "tax_code": "saas",
                "revenue_account": "4000",
                "stripe_price_id": stripe,
                "crm_product_code": crm,
                "erp_item_id": erp,
                "valid_from": SINCE,
                "valid_to": until,
            }
            for code, currency, minor, stripe, crm, erp, until in prices
        ],
    )
    world.table(
        "stg_catalog__prices",
        "price_code is_deleted load_id line_no",
        *[{"price_code": f"{code}-{currency}", "is_deleted": False} for code, currency, *_ in prices],
    )
    world.table("stg_catalog__price_tiers", "price_code is_deleted")
    world.table(
        "stg_stripe__subscription_item_versions",
        "price_id status valid_to",
        {"price_id": "price_kept", "status": "active"},
        {"price_id": "price_old_on", "status": "canceled"},
    )
    world.table("int_clock__as_of", "as_of_on", {"as_of_on": "2026-11-09"})
    odd = {
        "price_dearer": {"unit_amount_minor": 950},
        "price_yearly": {"billing_interval": "year"},
        "price_goods": {"product_id": "goods"},
        "price_off": {"is_active": False},
        "price_old_off": {"is_active": False},
        "price_half_eur": {"currency": "eur"},
    }
    in_stripe = [stripe for _, _, _, stripe, *_ in prices if stripe not in {"price_gone", "price_half_usd"}] + [
        "price_nobody_published",
        "price_of_long_ago",
    ]
    odd["price_of_long_ago"] = {"is_active": False}
    world.table(
        "stg_stripe__prices",
        "price_id product_id currency is_active billing_scheme unit_amount_minor billing_interval interval_count"
        " is_deleted load_id line_no delivered_on",
        *[
            {
                "price_id": key,
                "product_id": "service",
                "currency": "usd",
                "is_active": True,
                "billing_scheme": "per_unit",
                "unit_amount_minor": 900,
                "billing_interval": "month",
                "interval_count": 1,
                "is_deleted": False,
                "delivered_on": "2026-10-28",
                **odd.get(key, {}),
            }
            for key in in_stripe
        ],
    )
    world.table(
        "stg_stripe__products",
        "product_id tax_code is_deleted",
        {"product_id": "service", "tax_code": "saas", "is_deleted": False},
        {"product_id": "goods", "tax_code": "goods", "is_deleted": False},
    )
    world.table(
        "stg_crm__pricebook_entries",
        "pricebook_entry_id product_code currency unit_price is_active is_deleted load_id line_no delivered_on",
        *[
            {
                "pricebook_entry_id": f"{code}-{number}",
                "product_code": code,
                "currency": "usd",
                "unit_price": price,
                "is_active": True,
                "is_deleted": False,
                "delivered_on": "2026-10-28",
            }
            for number, (code, price) in enumerate(
                [("SAME", "9.00"), ("SAME", "7.50"), ("DEARER", "9.50"), ("SOMETHING ELSE", "1.00")]
            )
        ],
    )
    world.table(
        "currencies", "currency exponent", {"currency": "usd", "exponent": 2}, {"currency": "eur", "exponent": 2}
    )
    world.table(
        "stg_erp__items",
        "item_id income_account_id is_deleted load_id line_no delivered_on",
        *[
            {"item_id": key, "income_account_id": account, "is_deleted": False, "delivered_on": "2026-10-28"}
            for key, account in (("1", "a"), ("2", "a"), ("4", "b"), ("99", "b"))
        ],
    )
    world.table(
        "stg_erp__accounts",
        "account_id account_number",
        {"account_id": "a", "account_number": "4000"},
        {"account_id": "b", "account_number": "4900"},
    )


def test_every_system_sells_what_the_price_list_says(world: SmallWorld) -> None:
    price_world(world)
    found = world.breaks("recon_m2__catalogue_to_systems", ["recon_m2__catalogue", "recon_m2__systems"])
    assert {key: break_class for key, (break_class, _) in found.items()} == {
        "stripe|price_dearer": "AMOUNT",
        "crm|DEARER|usd": "AMOUNT",
        "stripe|price_gone": "MISSING_IN_STRIPE",
        "crm|GONE|usd": "MISSING_IN_CRM",
        "erp|3": "MISSING_IN_ERP",
        "stripe|price_half_usd": "CURRENCY_SET",
        "stripe|price_yearly": "INTERVAL",
        "stripe|price_goods": "TAX_CODE",
        "erp|4": "REV_ACCOUNT",
        "stripe|price_off": "ACTIVE_FLAG",
        "stripe|price_old_on": "ACTIVE_FLAG",
        "stripe|price_nobody_published": "MISSING_IN_CATALOGUE",
    }


def test_tiers_in_stripe_are_those_of_the_price_list_above_what_is_included(world: SmallWorld) -> None:
    world.table(
        "int_catalog__prices",
        "price_code currency unit_amount_minor included_quantity stripe_price_id valid_from",
        *[
            {
                "price_code": key,
                "currency": "usd",
                "included_quantity": included,
                "stripe_price_id": key,
                "valid_from": SINCE,
            }
            for key, included in (("same", 100), ("other", None))
        ],
        {
            "price_code": "one price",
            "currency": "usd",
            "unit_amount_minor": "23.5",
            "included_quantity": 50,
            "stripe_price_id": "one price",
            "valid_from": SINCE,
        },
    )
    tiers = [(1, 1000, "0.02", "0"), (2, 5000, "0.015", "1"), (3, None, "0.01", "0")]
    world.table(
        "stg_catalog__price_tiers",
        "price_code tier_no up_to unit_amount flat_amount is_deleted",
        *[
            {
                "price_code": key,
                "tier_no": number,
                "up_to": end,
                "unit_amount": unit,
                "flat_amount": flat,
                "is_deleted": False,
            }
            for key in ("same", "other")
            for number, end, unit, flat in tiers
        ],
    )
    world.table("currencies", "currency exponent", {"currency": "usd", "exponent": 2})
    world.table(
        "stg_stripe__prices",
        "price_id billing_scheme is_deleted",
        *[{"price_id": key, "billing_scheme": "tiered", "is_deleted": False} for key in ("same", "other", "one price")],
    )
    stated = [
        ("same", 1, 100, "0", "0"),
        ("same", 2, 1100, "2", "0"),
        ("same", 3, 5100, "1.5", "100"),
        ("same", 4, None, "1", "0"),
        ("one price", 1, 50, "0", "0"),
        ("one price", 2, None, "23.5", "0"),
        ("other", 1, 1100, "2", "0"),
        ("other", 2, 5000, "1.6", "100"),
        ("other", 3, 9000, "1", "50"),
        ("other", 4, None, "0.9", "0"),
    ]
    world.table(
        "stg_stripe__price_tiers",
        "price_id tier_no currency up_to unit_amount_minor flat_amount_minor is_deleted load_id line_no delivered_on",
        *[
            {
                "price_id": key,
                "tier_no": number,
                "currency": "usd",
                "up_to": end,
                "unit_amount_minor": unit,
                "flat_amount_minor": flat,
                "is_deleted": False,
                "delivered_on": "2026-10-28",
            }
            for key, number, end, unit, flat in stated
        ],
    )
    found = world.breaks("recon_m2__tiers_to_stripe", ["recon_m2__catalogue_tiers", "recon_m2__stripe_tiers"])
    assert {key: break_class for key, (break_class, _) in found.items()} == {
        "stripe|other|tier 1": "TIER_BOUND",
        "stripe|other|tier 2": "AMOUNT",
        "stripe|other|tier 3": "TIER_BOUND",
        "stripe|other|tier 4": "TIER_BOUND",
    }


def test_a_document_uses_the_rate_of_its_day(world: SmallWorld) -> None:
    used = [
        ("of the table", "2026-10-05", "1.10"),
        ("cut after four digits", "2026-10-05", "1.10004"),
        ("of last week", "2026-10-05", "1.05"),
        ("from elsewhere", "2026-10-05", "1.17"),
        ("without a rate", "2026-10-06", "1.10"),
        ("of a day whose rate is not delivered yet", "2026-11-09", "1.20"),
    ]
    world.table(
        "stg_erp__transactions",
        ERP_TRANSACTIONS,
        *[
            {
                "transaction_id": key,
                "currency": "eur",
                "transaction_on": day,
                "exchange_rate": rate,
                "is_deleted": False,
            }
            for key, day, rate in used
        ],
    )
    world.table(
        "stg_erp__currencies",
        "currency is_base_currency is_deleted",
        {"currency": "usd", "is_base_currency": True, "is_deleted": False},
    )
    world.table(
        "int_fx__daily_rates",
        "rate_on from_currency to_currency rate_numerator rate_denominator quoted_on file_line",
        *[
            {
                "rate_on": day,
                "from_currency": "eur",
                "to_currency": "usd",
                "rate_numerator": rate,
                "rate_denominator": None if rate is None else 1,
                "quoted_on": day,
            }
            for day, rate in (("2026-10-05", "1.10"), ("2026-10-06", None), ("2026-11-09", "1.10"))
        ],
    )
    # On the days before nothing else needed a rate: they stand in the table of rates alone.
    world.table(
        "int_fx__quote_spans",
        "rate_on from_currency to_currency rate_numerator rate_denominator method max_age_days file_line"
        " valid_from valid_to",
        *[
            {
                "rate_on": day,
                "from_currency": "eur",
                "to_currency": "usd",
                "rate_numerator": rate,
                "rate_denominator": 1,
                "valid_from": day,
                "valid_to": until,
            }
            for day, until, rate in (("2026-09-28", "2026-10-03", "1.05"), ("2026-10-05", "2026-10-06", "1.10"))
        ],
    )
    sides = [
        "recon_f1__rated_documents",
        "recon_f1__earlier_rates",
        "recon_f1__document_rates",
        "recon_f1__used_rates",
        "recon_f1__table_rates",
    ]
    found = world.breaks("recon_f1__rates_to_documents", sides)
    assert {key: break_class for key, (break_class, _) in found.items()} == {
        "of last week": "RATE_STALE",
        "from elsewhere": "RATE_SOURCE_MIX",
        "without a rate": "RATE_MISSING",
    }
