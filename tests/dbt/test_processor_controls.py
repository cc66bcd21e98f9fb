"""Controls of the processor's money: every class on a row or two, beside what looks like one and is none."""

from __future__ import annotations

from collections.abc import Iterator

import psycopg
import pytest

from tests.dbt.small_rows import SmallWorld

BALANCE_TRANSACTIONS = (
    "balance_transaction_id transaction_type reporting_category source_id currency amount_minor fee_minor net_minor"
    " exchange_rate status created_at available_on file_line"
)
CHARGES = (
    "charge_id currency status amount_minor amount_captured_minor is_captured created_at is_deleted load_id line_no"
    " delivered_on"
)
REFUNDS = "refund_id charge_id currency amount_minor status created_at is_deleted load_id line_no delivered_on"
DISPUTES = "dispute_id charge_id currency amount_minor status created_at is_deleted load_id line_no delivered_on"
POLICIES = "policy value valid_from valid_to"
OCTOBER = "2026-10-05 12:00+00"


@pytest.fixture
def world(module_warehouse: str) -> Iterator[SmallWorld]:
    """A session with the registry."""
    with psycopg.connect(module_warehouse) as connection:
        yield SmallWorld(connection)


def charge(charge_id: str, amount: int, currency: str = "usd", **other: object) -> dict[str, object]:
    """A captured charge of 5 October."""
    return {
        "charge_id": charge_id,
        "currency": currency,
        "status": "succeeded",
        "amount_minor": amount,
        "is_captured": True,
        "created_at": OCTOBER,
        "is_deleted": False,
        "delivered_on": "2026-10-06",
        **other,
    }


def booking(key: str, source: str | None, amount: int, kind: str = "charge", **other: object) -> dict[str, object]:
    """A balance transaction of 5 October, without a fee unless it says one."""
    fee = other.get("fee_minor", 0)
    assert isinstance(fee, int)
    return {
        "balance_transaction_id": key,
        "transaction_type": kind,
        "source_id": source,
        "currency": "usd",
        "amount_minor": amount,
        "fee_minor": fee,
        "net_minor": amount - fee,
        "created_at": OCTOBER,
        "available_on": "2026-10-07",
        **other,
    }


def undeleted(rows: list[dict[str, object]]) -> list[dict[str, object]]:
    """Rows of 5 October that were delivered the day after."""
    return [{"is_deleted": False, "created_at": OCTOBER, "delivered_on": "2026-10-06", **row} for row in rows]


def test_every_charge_and_refund_is_booked_once_by_its_amount(world: SmallWorld) -> None:
    world.table(
        "stg_stripe__charges",
        CHARGES,
        charge("tied", 1000),
        charge("unbooked", 1000),
        charge("short", 1000),
        charge("booked twice", 1000),
        charge("other currency", 1000),
        charge("converted", 1000, "eur"),
        charge("converted and rounded", 1001, "eur"),
        charge("converted wrongly", 1000, "eur"),
        charge("converted from yen", 1000, "jpy"),
        charge("disputed twice", 1000),
        charge("captured in part", 1000, amount_captured_minor=600),
        charge("authorised only", 1000, is_captured=False),
        charge("taken back by the bank", 1000, status="failed"),
        charge("declined", 1000, status="failed"),
        charge("of today", 1000, created_at="2026-11-09 01:00+00"),
    )
    world.table(
        "stg_stripe__refunds",
        REFUNDS,
        *undeleted(
            [
                {"refund_id": "refund", "currency": "usd", "amount_minor": 300, "status": "succeeded"},
                {"refund_id": "refund unbooked", "currency": "usd", "amount_minor": 300, "status": "succeeded"},
                {"refund_id": "refund failed", "currency": "usd", "amount_minor": 300, "status": "failed"},
            ]
        ),
    )
    world.table(
        "stg_stripe__disputes",
        DISPUTES,
        *undeleted(
            [
                {"dispute_id": "d1", "charge_id": "disputed twice"},
                {"dispute_id": "d2", "charge_id": "disputed twice"},
                {"dispute_id": "d3", "charge_id": "tied"},
            ]
        ),
    )
    world.table(
        "int_cash__balance_transactions",
        BALANCE_TRANSACTIONS,
        booking("1", "tied", 1000),
        booking("2", "short", 999),
        booking("3", "booked twice", 1000),
        booking("4", "booked twice", 1000),
        booking("5", "other currency", 1000, currency="eur"),
        booking("6", "converted", 1100, exchange_rate="1.1"),
        booking("7", "converted and rounded", 1102, exchange_rate="1.1"),
        booking("8", "converted wrongly", 1050, exchange_rate="1.1"),
        booking("9", "converted from yen", 650, exchange_rate="0.0065"),
        booking("10", "disputed twice", 1000),
        booking("11", "captured in part", 600),
        booking("12", "taken back by the bank", 1000, "payment"),
        booking("13", "taken back by the bank", -1000, "payment_failure_refund"),
        booking("14", "refund", -300, "refund"),
        booking("15", "refund failed", -300, "refund"),
        booking("16", "nothing known", 500),
        booking("17", None, 500),
        booking("18", "po_1", -9000, "payout"),
    )
    assert world.breaks("recon_c2__charges_to_transactions", ["recon_c2__charges", "recon_c2__transactions"]) == {
        "unbooked": ("NO_BT", 1000),
        "refund unbooked": ("NO_BT", -300),
        "short": ("GROSS", 1),
        "booked twice": ("GROSS", -1000),
        "other currency": ("CURRENCY", 1000),
        "converted and rounded": (None, -1),
        "converted wrongly": ("FX", 50),
        "disputed twice": ("MULTI_DISPUTE", 0),
        "nothing known": ("BT_NO_SOURCE", -500),
        "17": ("BT_NO_SOURCE", -500),
    }
    assert world.statuses("recon_c2__charges_to_transactions")["of today"] == "expected"


def test_the_fee_kept_is_the_fee_agreed_and_net_is_what_it_leaves(world: SmallWorld) -> None:
    world.table(
        "int_cash__balance_transactions",
        BALANCE_TRANSACTIONS,
        booking("by the schedule", "a", 1000, fee_minor=59),
        booking("rounded the other way", "b", 1050, fee_minor=61),
        booking("too dear", "c", 1000, fee_minor=99),
        booking("net is wrong", "d", 1000, fee_minor=59, net_minor=900),
        booking("no schedule", "e", 1000, currency="eur", fee_minor=77),
        booking("no schedule, net off by one", "f", 1000, currency="eur", fee_minor=77, net_minor=922),
        booking("refund", "g", -1000, "refund"),
    )
    world.table(
        "int_catalog__policies",
        POLICIES,
        {"policy": "processor_fee_percent:usd", "value": "2.9", "valid_from": "2020-01-01"},
        {"policy": "processor_fee_fixed:usd", "value": "30", "valid_from": "2020-01-01"},
    )
    assert world.breaks("recon_c2__fees_to_schedule", ["recon_c2__fees_kept", "recon_c2__fees_scheduled"]) == {
        "rounded the other way": (None, 1),
        "too dear": ("FEE_VARIANCE", 40),
        "net is wrong": ("FEE_VARIANCE", 41),
        "no schedule, net off by one": ("FEE_VARIANCE", 1),
    }


def test_a_refund_has_its_credit_note_and_a_credit_note_its_refund(world: SmallWorld) -> None:
    world.table(
        "int_cash__refunds",
        "payment_id billing_system kind invoice_id account_id currency amount_minor paid_at status",
        *[
            {
                "payment_id": key,
                "invoice_id": invoice,
                "currency": "usd",
                "amount_minor": -amount,
                "paid_at": OCTOBER,
                "status": status,
            }
            for key, invoice, amount, status in (
                ("re_noted", "in_1", 500, "succeeded"),
                ("re_alone", "in_2", 500, "succeeded"),
                ("re_other_amount", "in_3", 500, "succeeded"),
                ("re_failed", "in_4", 500, "failed"),
                ("re_of_no_invoice", None, 500, "succeeded"),
            )
        ],
    )
    world.table("int_cash__payment_records", "payment_id file_line")
    world.table("stg_stripe__refunds", REFUNDS)
    notes = [
        ("cn_1", "re_noted", 500, None, None),
        ("cn_2", "re_other_amount", 480, None, None),
        ("cn_3", None, 500, None, None),
        ("cn_to_balance", None, 500, "cbtxn_1", None),
        ("cn_paid_elsewhere", None, 500, None, 500),
        ("cn_before_payment", None, 0, None, None),
    ]
    world.table(
        "stg_stripe__credit_notes",
        "credit_note_id invoice_id status currency refund_id post_payment_minor customer_balance_transaction_id"
        " out_of_band_minor created_at effective_at is_deleted load_id line_no delivered_on",
        *undeleted(
            [
                {
                    "credit_note_id": key,
                    "status": "issued",
                    "currency": "usd",
                    "refund_id": refund,
                    "post_payment_minor": amount,
                    "customer_balance_transaction_id": balance,
                    "out_of_band_minor": elsewhere,
                }
                for key, refund, amount, balance, elsewhere in notes
            ]
        ),
    )
    assert world.breaks("recon_c7__refunds_to_credit_notes", ["recon_c7__refunds", "recon_c7__credit_notes"]) == {
        "re_alone": ("REFUND_NO_CN", 500),
        "re_other_amount": ("AMOUNT", 20),
        "note|cn_3": ("CN_NO_REFUND_OR_BALANCE", -500),
    }


def test_disputes_and_failed_refunds_are_booked_as_they_ended(world: SmallWorld) -> None:
    world.table(
        "stg_stripe__disputes",
        DISPUTES,
        *undeleted(
            [
                {"dispute_id": key, "currency": "usd", "amount_minor": 700, "status": status}
                for key, status in (
                    ("dp_lost", "lost"),
                    ("dp_lost_unbooked", "lost"),
                    ("dp_won", "won"),
                    ("dp_won_kept", "won"),
                    ("dp_won_never_taken", "won"),
                    ("dp_open", "needs_response"),
                    ("dp_warning", "warning_closed"),
                )
            ]
        ),
    )
    world.table(
        "stg_stripe__refunds",
        REFUNDS,
        *undeleted(
            [
                {"refund_id": key, "currency": "usd", "amount_minor": 300, "status": "failed"}
                for key in ("re_back", "re_not_back", "re_never_booked")
            ]
        ),
    )
    world.table(
        "int_cash__balance_transactions",
        BALANCE_TRANSACTIONS,
        booking("1", "dp_lost", -700, "adjustment", fee_minor=15),
        booking("2", "dp_won", -700, "adjustment", fee_minor=15),
        booking("3", "dp_won", 700, "adjustment"),
        booking("4", "dp_won_kept", -700, "adjustment"),
        booking("5", "dp_open", -700, "adjustment"),
        booking("6", "re_back", -300, "refund"),
        booking("7", "re_back", 300, "refund_failure"),
        booking("8", "re_not_back", -300, "refund"),
    )
    sides = ["recon_c7__reversals", "recon_c7__reversals_booked"]
    assert world.breaks("recon_c7__reversals_to_transactions", sides) == {
        "dp_lost_unbooked": ("DISPUTE_LOST_NOT_POSTED", -700),
        "dp_won_kept": ("DISPUTE_WON_NOT_REINSTATED", 700),
        "re_not_back": ("REFUND_FAILED_NOT_REVERSED", 300),
    }


def test_no_more_goes_back_than_was_charged(world: SmallWorld) -> None:
    world.table("stg_stripe__charges", CHARGES, charge("once", 1000), charge("twice", 1000), charge("over", 1000))
    world.table(
        "stg_stripe__refunds",
        REFUNDS,
        *undeleted(
            [
                {
                    "refund_id": f"re_{number}",
                    "charge_id": of_charge,
                    "currency": "usd",
                    "amount_minor": amount,
                    "status": status,
                }
                for number, (of_charge, amount, status) in enumerate(
                    [
                        ("once", 1000, "succeeded"),
                        ("twice", 400, "succeeded"),
                        ("twice", 600, "succeeded"),
                        ("over", 600, "succeeded"),
                        ("over", 600, "pending"),
                        ("over", 600, "failed"),
                    ]
                )
            ]
        ),
    )
    sides = ["recon_c7__refunded", "recon_c7__refundable"]
    assert world.breaks("recon_c7__refunds_to_charges", sides) == {"charge|over": ("REFUND_GT_CHARGE", -200)}


def test_a_credit_memo_is_posted_in_the_month_of_its_day(world: SmallWorld) -> None:
    world.table(
        "stg_erp__transactions",
        "transaction_id transaction_type status currency total_minor transaction_on accounting_period_id is_deleted"
        " load_id line_no",
        *[
            {
                "transaction_id": key,
                "transaction_type": "CustCred",
                "currency": "eur",
                "total_minor": -500,
                "transaction_on": "2026-10-31",
                "accounting_period_id": period,
                "is_deleted": False,
            }
            for key, period in (("in its month", "oct"), ("a month later", "nov"))
        ],
    )
    world.table(
        "stg_erp__accounting_periods",
        "accounting_period_id period_name start_on",
        {"accounting_period_id": "oct", "period_name": "Oct 2026", "start_on": "2026-10-01"},
        {"accounting_period_id": "nov", "period_name": "Nov 2026", "start_on": "2026-11-01"},
    )
    sides = ["recon_c7__notes_issued", "recon_c7__notes_posted"]
    assert world.breaks("recon_c7__notes_to_periods", sides) == {"memo|a month later": ("CN_WRONG_PERIOD", 0)}


def test_a_payout_in_another_currency_than_its_members_says_so(world: SmallWorld) -> None:
    world.table(
        "int_cash__payouts",
        "payout_id status is_automatic currency amount_minor created_at file_line",
        *[
            {
                "payout_id": key,
                "status": "paid",
                "is_automatic": True,
                "currency": currency,
                "amount_minor": amount,
                "created_at": OCTOBER,
            }
            for key, currency, amount in (("po_1", "usd", 900), ("po_2", "usd", 900), ("po_3", "usd", -200))
        ],
    )
    world.table(
        "int_cash__payout_members",
        "payout_id balance_transaction_id listing_no currency net_minor available_on",
        *[
            {
                "payout_id": payout,
                "balance_transaction_id": f"txn_{number}",
                "listing_no": 1,
                "currency": currency,
                "net_minor": net,
                "available_on": "2026-10-05",
            }
            for number, (payout, currency, net) in enumerate(
                [("po_1", "usd", 500), ("po_1", "usd", 400), ("po_2", "eur", 900), ("po_3", "usd", -200)]
            )
        ],
    )
    sides = ["recon_c3__member_sums", "recon_c3__payouts"]
    assert world.breaks("recon_c3__payout_sums", sides) == {"po_2": ("CUR_BUCKET", 900)}


def report_rows(currency: str, start: str, end: str, **amounts: int) -> list[dict[str, object]]:
    """Rows of one interval of the balance reports, by category; minor units."""
    return [
        {
            "balance_summary_id": f"{currency}|{start}|{end}|{category}",
            "currency": currency,
            "start_on": start,
            "end_on": end,
            "category": category,
            "net_minor": minor,
            "is_deleted": False,
        }
        for category, minor in amounts.items()
    ]


def balance_world(world: SmallWorld, summaries: list[dict[str, object]], bookings: list[dict[str, object]]) -> None:
    """What C5 reads."""
    world.table(
        "stg_stripe__balance_summaries",
        "balance_summary_id start_on end_on currency category net_minor is_deleted load_id line_no",
        *summaries,
    )
    world.table("int_cash__balance_transactions", BALANCE_TRANSACTIONS, *bookings)
    for name in (
        "int_cash__balance_summaries",
        "recon_c5__day_sums",
        "recon_c5__rolled",
        "recon_c5__uncovered_days",
        "recon_c5__carried",
        "recon_c5__closing",
        "recon_c5__booked_categories",
        "recon_c5__reported_categories",
    ):
        world.model(name)


def test_a_balance_goes_on_by_what_was_booked_and_a_drift_between_categories_is_not_hidden(world: SmallWorld) -> None:
    balance_world(
        world,
        [
            *report_rows("usd", "2026-10-05", "2026-10-06", starting_balance=0, charge=941, ending_balance=941),
            # The next day opens elsewhere, though it adds up by itself: proven from the closing before.
            *report_rows("usd", "2026-10-06", "2026-10-07", starting_balance=900, charge=100, ending_balance=1000),
            *report_rows("usd", "2026-10-07", "2026-10-08", starting_balance=1000, charge=300, ending_balance=1300),
            *report_rows("usd", "2026-10-08", "2026-10-10", starting_balance=1300, charge=10, ending_balance=1300),
            *report_rows("jpy", "2026-10-05", "2026-10-06", starting_balance=0, fee=-5, charge=705, ending_balance=700),
            # Without categories the balance alone is compared.
            *report_rows("eur", "2026-10-05", "2026-10-06", starting_balance=50, ending_balance=550),
        ],
        [
            booking("1", "a", 1000, fee_minor=59, reporting_category="charge"),
            booking("2", "b", 100, reporting_category="charge", created_at="2026-10-06 23:59:59+00"),
            booking("3", "c", 200, reporting_category="charge", created_at="2026-10-07 00:00+00"),
            booking("4", "d", 10, reporting_category="charge", created_at="2026-10-08 08:00+00"),
            booking("5", "e", -10, reporting_category="refund", created_at="2026-10-09 08:00+00"),
            booking("6", "f", 700, currency="jpy", reporting_category="charge"),
            booking("7", "g", 500, currency="eur", reporting_category="charge"),
        ],
    )
    assert world.breaks("recon_c5__balances_to_summaries", []) == {
        "usd|2026-10-06|2026-10-07": ("ROLL", 41),
        "usd|2026-10-07|2026-10-08": ("ROLL", -100),
    }
    assert world.breaks("recon_c5__categories_to_summaries", []) == {
        "usd|2026-10-08|2026-10-10|refund": ("CATEGORY_DRIFT", -10),
        "jpy|2026-10-05|2026-10-06|charge": ("CATEGORY_DRIFT", -5),
        "jpy|2026-10-05|2026-10-06|fee": ("CATEGORY_DRIFT", 5),
    }


def test_a_day_that_no_summary_covers_waits_and_is_then_missing(world: SmallWorld) -> None:
    balance_world(
        world,
        [
            *report_rows("usd", "2026-10-05", "2026-10-06", starting_balance=70, charge=100, ending_balance=170),
            # The one of the sixth is missing: this one is proven by the balance that it says itself.
            *report_rows("usd", "2026-10-07", "2026-10-08", starting_balance=190, charge=30, ending_balance=220),
            # No closing balance.
            *report_rows("usd", "2026-10-08", "2026-10-09", starting_balance=220),
        ],
        [
            booking("before the first", "a", 70, reporting_category="charge", created_at="2026-10-04 10:00+00"),
            booking("first", "b", 100, reporting_category="charge"),
            booking("uncovered", "c", 20, reporting_category="charge", created_at="2026-10-06 10:00+00"),
            booking("third", "d", 30, reporting_category="charge", created_at="2026-10-07 10:00+00"),
            booking("other currency", "e", 40, currency="eur", created_at="2026-10-07 10:00+00"),
            booking("of no currency", "f", 50, currency=None, created_at="2026-10-07 10:00+00"),
            booking("of yesterday", "g", 60, created_at="2026-11-09 10:00+00"),
        ],
    )
    assert world.breaks("recon_c5__balances_to_summaries", []) == {
        "usd|2026-10-06|2026-10-07": ("MISSING_RIGHT", 20),
        "usd|2026-10-08|2026-10-09": ("MISSING_RIGHT", 220),
        "eur|2026-10-07|2026-10-08": ("MISSING_RIGHT", 40),
        "no key|left|none|2026-10-07": ("NULL_KEY", 50),
    }
    assert world.statuses("recon_c5__balances_to_summaries")["usd|2026-11-09|2026-11-10"] == "expected"
