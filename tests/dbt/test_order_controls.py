"""Controls of orders: every class on a row or two, beside what looks like one and is none."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import psycopg
import pytest

from tests.dbt.small_rows import SmallWorld

ITEMS = (
    "order_item_id order_id pricebook_entry_id original_order_item_id quantity unit_price list_price discount_percent"
    " currency billing_frequency service_on end_on is_deleted load_id line_no"
)
ORDERS = (
    "order_id order_number contract_id crm_account_id original_order_id quote_id status effective_on end_on"
    " is_reduction activated_at po_number is_deleted load_id line_no"
)
LINES = (
    "transaction_line_key transaction_id order_item_id quantity rate discount_percent billing_frequency currency"
    " service_start_on service_end_on amount_minor is_main_line is_tax_line is_deleted updated_at load_id line_no"
)
TRANSACTIONS = (
    "transaction_id external_id transaction_type status customer_id currency total_minor transaction_on po_number"
    " created_at is_deleted load_id line_no"
)
QUOTE_LINES = (
    "quote_line_item_id quote_id pricebook_entry_id quantity unit_price list_price discount_percent updated_at"
    " is_deleted load_id line_no"
)


@pytest.fixture
def world(module_warehouse: str) -> Iterator[SmallWorld]:
    """A session with the registry, dollars and yen, and one order of October that was activated the day before."""
    with psycopg.connect(module_warehouse) as connection:
        made = SmallWorld(connection)
        made.table("currencies", "currency exponent", usd(exponent=2), {"currency": "jpy", "exponent": 0})
        made.table("int_customers__crosswalk", "account_id crm_account_id erp_customer_id stripe_customer_id")
        made.table("stg_crm__contracts", "contract_id end_on is_deleted")
        made.table("stg_crm__orders", ORDERS, order("new"))
        made.table("stg_crm__order_items", ITEMS)
        made.table("stg_crm__quotes", "quote_id quote_number opportunity_id crm_account_id status currency is_deleted")
        made.table("stg_crm__opportunities", "opportunity_id is_won is_deleted")
        made.table("stg_erp__transactions", TRANSACTIONS, sales_order())
        made.table("stg_erp__transaction_lines", LINES)
        made.table(
            "stg_stripe__subscription_item_versions",
            "subscription_item_id event_id order_item_id account_id currency quantity price_id coupon_id"
            " valid_from:timestamptz valid_to:timestamptz cancel_at load_id line_no",
        )
        made.table(
            "stg_stripe__prices",
            "price_id unit_amount_minor is_deleted",
            {"price_id": "monthly", "unit_amount_minor": "950", "is_deleted": False},
        )
        made.table("stg_stripe__coupons", "coupon_id percent_off:numeric", {"coupon_id": "tenth", "percent_off": 10})
        made.model("recon_o1__stripe_items")
        yield made


def usd(**other: Any) -> dict[str, Any]:
    """Columns of something in dollars."""
    return {"currency": "usd", **other}


def order(order_id: str, **other: Any) -> dict[str, Any]:
    """An order that holds for a year from 1 October."""
    return {
        "order_id": order_id,
        "order_number": order_id,
        "status": "Activated",
        "effective_on": "2026-10-01",
        "end_on": "2027-10-01",
        "is_reduction": False,
        "activated_at": "2026-09-30 04:00+00",
        "is_deleted": False,
        **other,
    }


def item(key: str, order_id: str = "new", **other: Any) -> dict[str, Any]:
    """Ten seats at 9.50 a month."""
    return usd(
        order_item_id=key,
        order_id=order_id,
        **{
            "pricebook_entry_id": key,
            "quantity": 10,
            "unit_price": "9.50",
            "list_price": 10,
            "billing_frequency": "Monthly",
            "service_on": "2026-10-01",
            "end_on": "2027-10-01",
            "is_deleted": False,
            **other,
        },
    )


def sales_order(**other: Any) -> dict[str, Any]:
    """The ERP's sales order."""
    return usd(
        transaction_id="so",
        transaction_type="SalesOrd",
        status="B",
        transaction_on="2026-10-01",
        is_deleted=False,
        **other,
    )


def line(key: str | None, **other: Any) -> dict[str, Any]:
    """The sales order line of an order item, as it was sold."""
    return usd(
        transaction_line_key=f"so-{key}",
        transaction_id="so",
        order_item_id=key,
        **{
            "quantity": 10,
            "rate": "9.50",
            "billing_frequency": "Monthly",
            "service_start_on": "2026-10-01",
            "service_end_on": "2027-10-01",
            "is_main_line": False,
            "is_tax_line": False,
            "is_deleted": False,
            **other,
        },
    )


O1 = ("recon_o1__contract_lines", "recon_o1__order_lines")
O1_CONTROL = "recon_o1__orders_to_contract_lines"


def test_an_order_line_is_set_up_as_it_was_sold(world: SmallWorld) -> None:
    names = "tied price quantity discount start term frequency currency twice"
    world.rows("stg_crm__order_items", *(item(name) for name in names.split()))
    world.rows(
        "stg_crm__order_items",
        item("a day late"),
        item("not booked"),
        item("discounted", discount_percent=10),
        item("not begun", service_on="2026-11-20"),
    )
    world.rows(
        "stg_erp__transaction_lines",
        line("tied"),
        line("price", rate="9.40"),
        line("quantity", quantity=9),
        line("discount", discount_percent=10),
        line("start", service_start_on="2026-10-09"),
        line("a day late", service_start_on="2026-10-02"),
        line("term", service_end_on="2027-09-01"),
        line("frequency", billing_frequency="Quarterly"),
        line("currency", currency="jpy"),
        line("twice"),
        line("twice"),
        line("discounted", discount_percent=10),
        line(None),
    )
    assert world.breaks(O1_CONTROL, O1) == {
        "price": ("PRICE_DRIFT", 100),
        "quantity": ("QTY_DRIFT", 950),
        "discount": ("DISCOUNT_OVERRUN", 950),
        "start": ("START_DRIFT", 0),
        "term": ("TERM_DRIFT", 0),
        "frequency": ("TERM_DRIFT", 0),
        "currency": ("CURRENCY", 9500),
        "twice": ("DUPLICATE", -9500),
        "not booked": ("ORDER_NOT_BOOKED", 9500),
        "line|so-None": ("SUB_NO_ORDER", -9500),
    }
    assert world.statuses(O1_CONTROL)["not begun"] == "expected"


def test_an_order_may_be_set_up_as_a_subscription_item_that_names_it(world: SmallWorld) -> None:
    def stripe_item(key: str, **other: Any) -> dict[str, Any]:
        return usd(
            subscription_item_id=f"si {key}",
            order_item_id=key,
            **{"event_id": "1", "quantity": 10, "price_id": "monthly", "valid_from": "2026-10-01 09:00+00", **other},
        )

    world.rows(
        "stg_crm__order_items",
        *(item(name) for name in ("tied", "fewer", "discounted", "begins late", "ends early", "changed later")),
        item("with a coupon", discount_percent=10),
        item("in neither"),
    )
    world.rows(
        "stg_stripe__subscription_item_versions",
        stripe_item("tied"),
        stripe_item("fewer", quantity=9),
        stripe_item("discounted", coupon_id="tenth"),
        stripe_item("with a coupon", coupon_id="tenth"),
        stripe_item("begins late", valid_from="2026-10-09 09:00+00"),
        stripe_item("ends early", cancel_at="2027-05-01 09:00+00"),
        stripe_item("changed later", valid_to="2026-10-20 09:00+00"),
        stripe_item("changed later", event_id="2", quantity=30, valid_from="2026-10-20 09:00+00"),
        stripe_item("of no order"),
        stripe_item("unnamed") | {"order_item_id": None},
    )
    assert world.breaks(O1_CONTROL, O1) == {
        "fewer": ("QTY_DRIFT", 950),
        "discounted": ("DISCOUNT_OVERRUN", 950),
        "begins late": ("START_DRIFT", 0),
        "ends early": ("TERM_DRIFT", 0),
        "in neither": ("ORDER_NOT_BOOKED", 9500),
        "of no order": ("SUB_NO_ORDER", -9500),
    }


def test_an_order_that_changes_another_one_has_its_own_name_when_it_is_lost(world: SmallWorld) -> None:
    world.rows(
        "stg_crm__orders",
        order("old", effective_on="2025-10-01", end_on="2026-10-01"),
        order("amendment", original_order_id="new"),
        order("reduction", original_order_id="new", is_reduction=True),
        order("renewal", original_order_id="old"),
    )
    world.rows(
        "stg_crm__order_items",
        item("tied"),
        item("amended", "amendment", original_order_item_id="tied"),
        item("cancelled", "reduction", original_order_item_id="tied", quantity=-10),
        item("reduced", "reduction", original_order_item_id="tied", quantity=-3),
        item("renewed", "renewal"),
        item("first step", pricebook_entry_id="ramp"),
        item("second step", pricebook_entry_id="ramp", service_on="2026-10-15", quantity=20),
        item("third step", pricebook_entry_id="ramp", service_on="2026-10-20", quantity=30),
    )
    world.rows("stg_erp__transaction_lines", line("tied"), line("first step"))
    world.rows("stg_erp__transaction_lines", line("third step", quantity=20, service_start_on="2026-10-20"))
    assert world.breaks(O1_CONTROL, O1) == {
        "amended": ("AMEND_LOST", 9500),
        "cancelled": ("CANCEL_NOT_APPLIED", -9500),
        "reduced": ("AMEND_LOST", -2850),
        "renewed": ("RENEWAL_LAPSED", 9500),
        "second step": ("RAMP_MISSED", 19000),
        "third step": ("RAMP_MISSED", 9500),
    }


def test_a_won_deal_counts_before_its_order_is_activated(world: SmallWorld) -> None:
    world.rows("stg_crm__opportunities", {"opportunity_id": "deal", "is_won": True, "is_deleted": False})
    world.rows("stg_crm__quotes", {"quote_id": "q", "opportunity_id": "deal", "is_deleted": False})
    world.rows("stg_crm__orders", order("won", status="Draft", quote_id="q"), order("open", status="Draft"))
    world.rows("stg_crm__order_items", item("tied"), item("won", "won"), item("open", "open"))
    world.rows("stg_erp__transaction_lines", line("tied"))
    assert world.breaks(O1_CONTROL, O1) == {"won": ("ORDER_NOT_BOOKED", 9500)}


def test_without_any_sales_order_nothing_is_awaited(world: SmallWorld) -> None:
    world.rows("stg_crm__order_items", item("sold"))
    assert world.breaks(O1_CONTROL, O1) == {}


def test_an_order_says_what_its_quote_says(world: SmallWorld) -> None:
    world.rows("stg_crm__orders", order("quoted", quote_id="q"))
    world.rows("stg_crm__quotes", usd(quote_id="q", quote_number="Q-1", status="Accepted", is_deleted=False))
    world.table("stg_crm__pricebook_entries", "pricebook_entry_id product_code")
    world.table("int_catalog__prices", "crm_product_code kind")
    for name in ("tied", "changed", "typo", "too cheap", "discount on top", "by use", "forgotten"):
        world.rows("stg_crm__pricebook_entries", {"pricebook_entry_id": name, "product_code": name})
        world.rows(
            "int_catalog__prices", {"crm_product_code": name, "kind": "usage" if name == "by use" else "recurring"}
        )
    world.table(
        "int_catalog__policies",
        "policy value valid_from valid_to",
        {"policy": "quote_discount_limit", "value": "20", "valid_from": "2020-01-01"},
    )
    sold = {"quantity": 10, "unit_price": "9.50", "list_price": 10, "is_deleted": False}
    world.table("stg_crm__quote_line_items", QUOTE_LINES)
    for name, changes in {
        "tied": {"updated_at": "2026-09-01 00:00+00", "unit_price": "8.00"},
        "changed": {"updated_at": "2026-10-02 00:00+00"},
        "typo": {"updated_at": "2026-09-01 00:00+00"},
        "too cheap": {"unit_price": "7.99"},
        "discount on top": {"unit_price": "9.00", "discount_percent": 12},
        "by use": {"unit_price": 0},
        "not in the price book": {"unit_price": "7.99"},
        "by use, not in the price book": {"unit_price": 0},
        "forgotten": {},
    }.items():
        world.rows(
            "stg_crm__quote_line_items",
            {"quote_line_item_id": name, "quote_id": "q", "pricebook_entry_id": name, **sold, **changes},
        )
    world.rows(
        "stg_crm__order_items",
        item("tied", "quoted", unit_price="8.00"),
        item("changed", "quoted", unit_price="9.00"),
        item("typo", "quoted", quantity=11),
        item("too cheap", "quoted", unit_price="7.99"),
        item("discount on top", "quoted", unit_price="9.00", discount_percent=12),
        item("by use", "quoted", unit_price=0),
        item("not in the price book", "quoted", unit_price="7.99"),
        item("by use, not in the price book", "quoted", unit_price=0),
    )
    assert world.breaks("recon_o3__quotes_to_orders", ("recon_o3__quote_lines", "recon_o3__order_lines")) == {
        "q|changed": ("QUOTE_CHANGED_AFTER_SIGN", 500),
        "q|typo": ("QUANTITY", -950),
        "q|too cheap": ("UNAPPROVED_DISCOUNT", 0),
        "q|discount on top": ("UNAPPROVED_DISCOUNT", 0),
        "q|not in the price book": ("UNAPPROVED_DISCOUNT", 0),
        "q|forgotten": ("MISSING_RIGHT", 9500),
    }


def test_an_invoice_prints_the_purchase_orders_that_its_orders_ask_for(world: SmallWorld) -> None:
    world.rows("stg_crm__orders", order("asks", po_number="PO-1"), order("asks too", po_number="PO-2"))
    world.rows("stg_crm__order_items", item("silent"), item("asked", "asks"), item("asked too", "asks too"))
    world.table(
        "int_billing__invoice_lines",
        "billing_system is_billed subscription_item_id invoice_id account_id invoice_on",
        *(
            {
                "billing_system": "erp",
                "is_billed": True,
                "subscription_item_id": name,
                "invoice_id": invoice,
                "invoice_on": "2026-10-01",
            }
            for invoice, name in (
                ("both", "asked"),
                ("both", "asked too"),
                ("none", "asked"),
                ("other", "asked"),
                ("free", "silent"),
            )
        ),
    )
    for invoice, number in (("both", "PO-1, PO-2"), ("none", None), ("other", "PO-9"), ("free", None)):
        world.rows("stg_erp__transactions", {"transaction_id": invoice, "po_number": number})
    assert world.breaks(
        "recon_b2__invoices_to_purchase_orders", ("recon_b2__purchase_orders", "recon_b2__printed_purchase_orders")
    ) == {"erp|none|PO-1": ("PO_MISSING", None), "erp|other|PO-1": ("PO_MISSING", None)}
