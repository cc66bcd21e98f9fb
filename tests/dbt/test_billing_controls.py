"""Controls of invoices: every class on a row or two, beside what looks like one and is none."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import psycopg
import pytest

from tests.dbt.model_queries import expression
from tests.dbt.small_rows import SmallWorld

INVOICES = (
    "billing_system invoice_id invoice_number account_id customer_id subscription_id status is_billed invoice_on"
    " currency discount_minor tax_minor total_minor credited_minor balance_applied_minor load_id line_no"
)
INVOICE_LINES = (
    "billing_system invoice_line_id invoice_id account_id subscription_id subscription_item_id charge_key price_code"
    " line_kind period_start period_end quantity unit_amount_minor gross_minor discount_minor net_minor"
    " tax_minor currency is_billed invoice_on load_id line_no"
)
DOCUMENTS = (
    "invoice_id status currency total_minor amount_due_minor amount_paid_minor amount_remaining_minor"
    " pre_payment_credit_notes_minor starting_balance_minor ending_balance_minor is_deleted load_id line_no"
)
ERP_LINES = "transaction_id is_main_line is_tax_line amount_minor updated_at is_deleted"
TRANSACTIONS = (
    "transaction_id external_id transaction_type status customer_id currency total_minor transaction_on created_at"
    " is_deleted load_id line_no"
)
EXPECTED = (
    "charge_key charge_id billing_system account_id subscription_item_id price_code line_kind period_start period_end"
    " quantity gross_minor discount_minor net_minor currency expected_on"
)
B1 = (
    "recon_unmatched_lines",
    "recon_regrouped_lines",
    "recon_b1__expected",
    "recon_b1__invoiced",
)


@pytest.fixture
def world(module_warehouse: str) -> Iterator[SmallWorld]:
    """A session with the registry and nobody known."""
    with psycopg.connect(module_warehouse) as connection:
        made = SmallWorld(connection)
        made.table("int_customers__crosswalk", "account_id crm_account_id erp_customer_id stripe_customer_id")
        yield made


def invoice(invoice_id: str, total: int, **other: Any) -> dict[str, Any]:
    """A paid Stripe invoice of 5 October."""
    return {
        "billing_system": "stripe",
        "invoice_id": invoice_id,
        "status": "paid",
        "is_billed": True,
        "invoice_on": "2026-10-05",
        "currency": "usd",
        "tax_minor": 0,
        "total_minor": total,
        "credited_minor": 0,
        "balance_applied_minor": 0,
        **other,
    }


def line(invoice_id: str, net: int, tax: int = 0, **other: Any) -> dict[str, Any]:
    """A line of it."""
    return {
        "billing_system": "stripe",
        "invoice_line_id": f"{invoice_id}-{net}-{other.get('line_kind')}",
        "invoice_id": invoice_id,
        "line_kind": "recurring",
        "currency": "usd",
        "net_minor": net,
        "tax_minor": tax,
        "is_billed": True,
        "invoice_on": "2026-10-05",
        **other,
    }


def test_the_lines_of_an_invoice_add_up_to_its_total(world: SmallWorld) -> None:
    world.table(
        "int_billing__invoices",
        INVOICES,
        invoice("tied", 1200),
        invoice("short", 1200),
        invoice("nothing", 0),
        invoice("no lines", 500),
        invoice("other currency", 100),
        invoice("zero decimals", 1650, currency="jpy"),
        invoice("change", -500),
        invoice("bare credit", -500),
        invoice("to the balance", -500, balance_applied_minor=-500),
        invoice("main line", 0, billing_system="erp"),
    )
    world.table(
        "int_billing__invoice_lines",
        INVOICE_LINES,
        line("tied", 1000, 100),
        line("tied", 100),
        line("short", 1000, 100),
        line("other currency", 100, currency="eur"),
        line("zero decimals", 1500, 150, currency="jpy"),
        line("change", -500, line_kind="proration_credit"),
        line("bare credit", -500),
        line("to the balance", -500),
        line("main line", 700, billing_system="erp"),
    )
    world.table(
        "stg_erp__transaction_lines",
        ERP_LINES,
        {"transaction_id": "main line", "is_main_line": True, "amount_minor": -701, "is_deleted": False},
    )
    assert world.breaks("recon_b3__lines_to_totals", ("recon_b3__line_sums", "recon_b3__totals")) == {
        "stripe|short": ("ARITH", -100),
        "stripe|no lines": ("ARITH", -500),
        "stripe|other currency": ("CURRENCY", 100),
        "stripe|bare credit": ("NEG_INVOICE", 0),
        "erp|main line": ("ARITH", -1),
    }


def test_an_invoice_is_due_what_its_total_leaves_and_a_paid_one_leaves_nothing(world: SmallWorld) -> None:
    documents: dict[str, dict[str, Any]] = {
        "tied": {},
        "credited": {"pre_payment_credit_notes_minor": 300, "amount_due_minor": 700, "amount_paid_minor": 700},
        "from the balance": {"starting_balance_minor": -400, "ending_balance_minor": 0, "amount_due_minor": 600},
        "credit forgotten": {"pre_payment_credit_notes_minor": 300},
        "paid and open": {"amount_remaining_minor": 50},
        "open": {"status": "open", "amount_paid_minor": 400, "amount_remaining_minor": 600},
        "open, miscounted": {"status": "open", "amount_paid_minor": 400, "amount_remaining_minor": 500},
        "says nothing": {"amount_due_minor": None},
    }
    world.table("stg_stripe__invoices", DOCUMENTS)
    world.table("int_billing__stripe_invoices", INVOICES)
    for name, changes in documents.items():
        document = {"status": "paid", "currency": "usd", "total_minor": 1000, "amount_due_minor": 1000}
        paid = {"amount_paid_minor": 1000, "amount_remaining_minor": 0, "is_deleted": False}
        world.rows("stg_stripe__invoices", {"invoice_id": name, **document, **paid, **changes})
        world.rows("int_billing__stripe_invoices", invoice(name, 1000))
    assert world.breaks("recon_b3__totals_to_due", ("recon_b3__should_be_due", "recon_b3__printed_due")) == {
        "stripe|credit forgotten": ("AMT_DUE", -300),
    }
    assert world.breaks(
        "recon_b3__statuses_to_remaining", ("recon_b3__should_remain", "recon_b3__printed_remaining")
    ) == {"stripe|paid and open": ("STATUS", -50), "stripe|open, miscounted": ("AMT_DUE", 100)}


def test_the_numbers_of_a_series_follow_each_other(world: SmallWorld) -> None:
    numbers = {
        "A-0009": "paid",
        "A-0010": "void",
        "A-0013": "paid",
        "B-7": "paid",
        "INV99": "paid",
        "INV100": "paid",
        "no digits": "paid",
        "C-1": "paid",
    }
    world.table("int_billing__invoices", INVOICES)
    for number, status in numbers.items():
        world.rows("int_billing__invoices", invoice(number, 1, invoice_number=number, status=status))
    world.rows("int_billing__invoices", invoice("again", 1, invoice_number="C-1"))
    world.rows("int_billing__invoices", invoice("draft", 1, invoice_number="A-0020", status="draft"))
    erp = {"billing_system": "erp", "status": "open"}
    for number, invoice_on in (("E1", "2026-10-01"), ("E3", "2026-10-05"), ("E5", "2026-11-06")):
        world.rows("int_billing__invoices", invoice(number, 1, invoice_number=number, invoice_on=invoice_on, **erp))
    world.table("int_clock__as_of", "as_of_on", {"as_of_on": "2026-11-10"})
    control = "recon_b3__numbers_in_series"
    models = ("recon_b3__invoice_numbers", "recon_b3__numbers_found", "recon_b3__numbers_expected")
    assert world.breaks(control, models) == {
        "stripe|A-0013": ("NUMBER_GAP", None),
        "stripe|C-1": ("DUPLICATE", None),
        "erp|E3": ("NUMBER_GAP", None),
    }, "what the ERP may still approve (E4) is no gap yet"
    gaps = [row for row in world.select(control) if row[1] == "stripe|A-0013"]
    assert 2 in gaps[0], "two numbers are missing before it"


def test_what_stripe_issued_stands_in_the_erp_once_and_in_its_month(world: SmallWorld) -> None:
    world.table(
        "int_billing__stripe_invoices",
        INVOICES,
        *(
            invoice(f"in_{name}", 1100, tax_minor=100)
            for name in (
                "tied",
                "missing",
                "twice",
                "edited",
                "misposted",
                "late month",
                "currency",
                "taxed otherwise",
            )
        ),
        *(
            invoice(f"in_{name}", 1100, status="void", is_billed=False)
            for name in ("void", "void here", "void, unposted")
        ),
        invoice("in_today", 1100, invoice_on="2026-11-09"),
    )
    world.table("stg_erp__transactions", TRANSACTIONS)
    world.table("stg_erp__transaction_lines", ERP_LINES)

    def posted(number: str, external_id: str, total: int = 1100, tax: int = 100, **other: Any) -> None:
        edited = other.pop("edited", False)
        world.rows(
            "stg_erp__transactions",
            {
                "transaction_id": number,
                "external_id": external_id,
                "transaction_type": "CustInvc",
                "status": "A",
                "currency": "usd",
                "transaction_on": "2026-10-05",
                "created_at": "2026-10-05 00:00+00",
                "is_deleted": False,
                **other,
            },
        )
        for is_main, is_tax, amount in ((True, False, -total), (False, False, total - tax), (False, True, tax)):
            world.rows(
                "stg_erp__transaction_lines",
                {
                    "transaction_id": number,
                    "is_main_line": is_main,
                    "is_tax_line": is_tax,
                    "amount_minor": amount,
                    "updated_at": "2026-10-06 00:00+00" if edited else "2026-10-05 00:00+00",
                    "is_deleted": False,
                },
            )

    posted("1", "in_tied")
    posted("2", "in_twice")
    posted("3", "in_twice")
    posted("4", "in_edited", 1000, edited=True)
    posted("5", "in_misposted", 1000)
    posted("6", "in_late month", transaction_on="2026-11-02")
    posted("7", "in_currency", currency="eur")
    posted("8", "in_taxed otherwise", tax=90, edited=True)
    posted("9", "in_void", status="V")
    posted("10", "in_void here")
    posted("11", "in_unknown")
    posted("12", "801 an order", 5)
    control = "recon_b4__invoices_to_erp"
    assert world.breaks(control, ("recon_b4__erp_invoices", "recon_b4__invoices")) == {
        "in_missing": ("NOT_POSTED", 1100),
        "in_twice": ("POSTED_TWICE", -1100),
        "in_edited": ("EDITED_AFTER_SYNC", 100),
        "in_misposted": ("AMOUNT", 100),
        "in_late month": ("CUTOFF", 0),
        "in_currency": ("CURRENCY", 1100),
        "in_taxed otherwise": ("EDITED_AFTER_SYNC", 0),
        "in_void here": ("VOID_NOT_REVERSED", -1100),
        "in_unknown": ("MISSING_LEFT", -1100),
    }
    assert world.statuses(control)["in_today"] == "expected"


def test_a_credit_note_is_a_credit_memo_of_the_same_amount(world: SmallWorld) -> None:
    notes = ("cn_tied", "cn_missing")
    world.table(
        "stg_stripe__credit_notes",
        "credit_note_id invoice_id customer_id status currency amount_minor created_at effective_at is_deleted"
        " load_id line_no",
        *(
            {
                "credit_note_id": name,
                "status": "issued",
                "currency": "usd",
                "amount_minor": 300,
                "created_at": "2026-10-05 00:00+00",
                "is_deleted": False,
            }
            for name in notes
        ),
    )
    world.table(
        "stg_erp__transactions",
        TRANSACTIONS,
        {
            "transaction_id": "1",
            "external_id": "cn_tied",
            "transaction_type": "CustCred",
            "status": "B",
            "currency": "usd",
            "total_minor": -300,
            "transaction_on": "2026-10-05",
            "is_deleted": False,
        },
    )
    world.table("stg_erp__transaction_lines", ERP_LINES)
    assert world.breaks("recon_b4__credit_notes_to_erp", ("recon_b4__erp_credit_notes", "recon_b4__credit_notes")) == {
        "cn_missing": ("NOT_POSTED", 300)
    }


def charge(item: str, start: str, end: str, **other: Any) -> dict[str, Any]:
    """An expected month of five seats."""
    key = f"{item}|recurring|{start}|{end}"
    return {
        "charge_key": key,
        "charge_id": key,
        "billing_system": "stripe",
        "account_id": "child",
        "subscription_item_id": item,
        "price_code": "seat",
        "line_kind": "recurring",
        "period_start": start,
        "period_end": end,
        "quantity": 5,
        "gross_minor": 500,
        "discount_minor": 0,
        "net_minor": 500,
        "currency": "usd",
        "expected_on": start,
        **other,
    }


def billed(item: str, start: str, end: str, net: int = 500, **other: Any) -> dict[str, Any]:
    """A line that bills it."""
    return line(
        f"{item} {start}",
        net,
        charge_key=f"{item}|recurring|{start}|{end}",
        subscription_item_id=item,
        period_start=start,
        period_end=end,
        quantity=5,
        gross_minor=net,
        discount_minor=0,
        price_code="seat",
        **{"account_id": "child", "subscription_id": "sub", **other},
    )


def rated_and_invoiced(world: SmallWorld, charges: list[dict[str, Any]], lines: list[dict[str, Any]]) -> dict[str, Any]:
    """What B1 says of charges and lines."""
    world.table("int_billing__expected_invoice_lines", EXPECTED, *charges)
    world.table(
        "int_billing__charges", "charge_id unit_amount_minor", *({"charge_id": c["charge_id"]} for c in charges)
    )
    world.table("int_billing__invoice_lines", INVOICE_LINES, *lines)
    world.table(
        "int_billing__subscriptions",
        "billing_system subscription_id account_id",
        {"billing_system": "stripe", "subscription_id": "sub", "account_id": "child"},
    )
    world.table(
        "stg_crm__accounts",
        "crm_account_id parent_account_id is_deleted",
        {"crm_account_id": "crm child", "parent_account_id": "crm parent", "is_deleted": False},
    )
    for name in ("child", "parent", "stranger"):
        world.rows("int_customers__crosswalk", {"account_id": name, "crm_account_id": f"crm {name}"})
    return dict(world.breaks("recon_b1__rated_to_invoiced", B1))


def test_a_line_on_the_invoice_of_another_customer_is_found_unless_the_parent_pays(world: SmallWorld) -> None:
    september, october = ("2026-09-01", "2026-10-01"), ("2026-10-01", "2026-11-01")
    assert rated_and_invoiced(
        world,
        [charge("own", *october), charge("by parent", *october), charge("astray", *october), charge("own", *september)],
        [
            billed("own", *october),
            billed("by parent", *october, account_id="parent"),
            billed("astray", *october, account_id="stranger"),
            billed("own", *september),
        ],
    ) == {"astray|recurring|2026-10-01|2026-11-01": ("WRONG_CUSTOMER", 0)}


def test_a_period_that_is_printed_otherwise_is_one_break_and_not_two(world: SmallWorld) -> None:
    month = ("2026-10-01", "2026-11-01")
    assert rated_and_invoiced(
        world,
        [
            charge("tied", *month),
            charge("late", *month),
            charge("early", *month),
            charge("missing", *month),
            charge("moved far", *month),
        ],
        [
            billed("tied", *month),
            billed("late", "2026-10-05", "2026-11-01", 450),
            billed("early", "2026-09-28", "2026-11-01"),
            billed("moved far", "2026-12-01", "2027-01-01"),
        ],
    ) == {
        "late|recurring|2026-10-01|2026-11-01": ("PERIOD_GAP", 50),
        "early|recurring|2026-10-01|2026-11-01": ("PERIOD_OVERLAP", 0),
        "missing|recurring|2026-10-01|2026-11-01": ("UNBILLED", 500),
        "moved far|recurring|2026-10-01|2026-11-01": ("UNBILLED", 500),
        "moved far|recurring|2026-12-01|2027-01-01": ("UNEXPECTED_LINE", -500),
    }


def test_one_line_may_bill_several_periods_together(world: SmallWorld) -> None:
    months = [("2026-08-01", "2026-09-01"), ("2026-09-01", "2026-10-01"), ("2026-10-01", "2026-11-01")]
    assert rated_and_invoiced(
        world,
        [charge(item, *month) for item in ("quarter", "dear quarter") for month in months],
        [
            billed("quarter", "2026-08-01", "2026-11-01", 1500),
            billed("dear quarter", "2026-08-01", "2026-11-01", 1600),
        ],
    ) == {"dear quarter|recurring|2026-08-01|2026-11-01": ("AMOUNT", -100)}


def test_every_period_of_what_was_sold_is_rated_in_full(world: SmallWorld) -> None:
    """Served and rated periods as sides, which is what the control sees of them."""
    side = "tracking_key row_id account_id currency amount_minor quantity business_on due_on evidence"
    day = {"business_on": "2026-10-01", "due_on": "2026-10-01"}
    world.table(
        "recon_b5__served_periods",
        side,
        *(
            {"tracking_key": key, "row_id": key, "quantity": 5, **day}
            for key in ("rated", "never", "seats", "free of charge")
        ),
        {"tracking_key": "not due", "row_id": "n", "quantity": 5, "business_on": "2026-11-09", "due_on": "2026-11-09"},
    )
    world.table(
        "recon_b5__rated_periods",
        side,
        *(
            {"tracking_key": key, "row_id": key, "quantity": quantity, **day}
            for key, quantity in (("rated", 5), ("seats", 3), ("free of charge", 5), ("not sold", 1))
        ),
    )
    assert world.breaks("recon_b5__periods_to_charges", ()) == {
        "never": ("NEVER_RATED", None),
        "seats": ("FREE_SEATS", None),
        "not sold": ("MISSING_LEFT", None),
    }


def test_an_item_that_no_catalogue_knows_is_sold_all_the_same(world: SmallWorld) -> None:
    sold = {"status": "active", "currency": "usd"}
    world.table(
        "stg_stripe__subscription_item_versions",
        "subscription_item_id event_id subscription_id customer_id status currency valid_from:timestamptz"
        " valid_to:timestamptz load_id line_no",
        *(
            {"subscription_item_id": name, "event_id": name, "valid_from": start, **sold}
            for name, start in (("rated", "2026-08-01"), ("unknown price", "2026-08-01"), ("new", "2026-11-01"))
        ),
        {"subscription_item_id": "never began", "event_id": "x", "valid_from": "2026-08-01", "status": "incomplete"},
    )
    world.table("stg_crm__order_items", "order_item_id order_id currency service_on is_deleted load_id line_no")
    world.table("stg_crm__orders", "order_id status crm_account_id effective_on is_deleted")
    world.table(
        "int_billing__subscription_item_versions", "billing_system subscription_item_id billing_interval interval_count"
    )
    world.table(
        "int_rating__charges",
        "charge_id billing_system subscription_item_id account_id period_start:timestamptz",
        {"charge_id": "c", "billing_system": "stripe", "subscription_item_id": "rated", "period_start": "2026-08-01"},
    )
    control = "recon_b5__items_to_charges"
    assert world.breaks(control, ("recon_b5__sold_items", "recon_b5__rated_items")) == {
        "stripe|unknown price": ("NEVER_RATED", None),
    }
    assert world.statuses(control)["stripe|new"] == "expected"


def test_a_discount_that_has_ended_and_is_still_attached_is_found(world: SmallWorld) -> None:
    world.table("int_clock__as_of", "as_of_at as_of_on", {"as_of_at": "2026-11-10", "as_of_on": "2026-11-10"})
    world.table(
        "int_billing__stripe_subscription_snapshots",
        "subscription_id event_id customer_id is_in_service valid_from valid_to",
        *(
            {"subscription_id": name, "event_id": name, "is_in_service": live}
            for name, live in (("lasting", True), ("expired", True), ("running", True), ("cancelled", False))
        ),
    )
    ends = {"lasting": None, "expired": "2026-10-31", "running": "2026-12-01", "cancelled": "2026-10-01"}
    world.table(
        "stg_stripe__subscription_discounts",
        "event_id subscription_item_id discount_id coupon_id discount_start_at discount_end_at load_id line_no",
        *(
            {"event_id": name, "discount_id": "di", "discount_start_at": "2026-08-01", "discount_end_at": end}
            for name, end in ends.items()
        ),
    )
    models = ("recon_b5__waivers", "recon_b5__waivers_attached", "recon_b5__waivers_in_term")
    assert world.breaks("recon_b5__waivers_to_terms", models) == {"expired|di": ("WAIVER_EXPIRED", None)}


@pytest.mark.parametrize(
    ("amount", "base", "over", "severity"),
    [
        ("500", "S3", "false", "S1"),
        ("50", "S3", "false", "S2"),
        ("5", "S3", "true", "S2"),
        ("5", "S3", "false", "S3"),
        ("4", "S2", "false", "S4"),
        ("0", "S2", "false", "S2"),
        ("null", "S2", "false", "S2"),
        ("1", "S1", "false", "S1"),
    ],
)
def test_severity_follows_the_amount_and_without_one_the_control(
    world: SmallWorld, amount: str, base: str, over: str, severity: str
) -> None:
    """Of 100,000 that were billed in the month."""
    said = expression(f"{{{{ break_severity('{amount}', '100000', \"'{base}'\", '{over}') }}}}")
    world.execute(f"create temp view said as select {said} as severity")  # type: ignore[arg-type]
    assert world.select("said") == [(severity,)]
