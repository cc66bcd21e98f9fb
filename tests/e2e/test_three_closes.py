"""Three months of the sample company close in sequence, with late facts between them, and add up across all three.

After August closed come late usage of August and a refund of August; after September closed comes a corrected price,
which holds from before August. August and September stay as they were closed, and come out the same when they are built
again from what was known then.
"""

from __future__ import annotations

import json
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import psycopg
import pytest
import yaml

from ingestion.landing import load_landing
from orchestration.build import build
from orchestration.close.accounts import STANDARD, add, read
from orchestration.close.closing import BOOKS_AND_BELOW, COMPARED_BY_BUILDS, Closed, close_month, plan
from orchestration.close.reproduction import reproduce
from orchestration.close.verification import verify
from tests.warehouse.landed import put
from tests.warehouse.ledger_rows import rows

AUGUST, SEPTEMBER, OCTOBER = MONTHS = [date(2026, 8, 1), date(2026, 9, 1), date(2026, 10, 1)]
# The planted faults are in deliveries, billing and cash; the journal follows its sources all the same.
HOLD_WHATEVER_IS_PLANTED = {
    "trial balance",
    "deferred revenue",
    "revenue",
    "invoices",
    "tax",
    "credit balances",
    "remaining obligations",
}
ROLLFORWARDS = ("deferred_revenue", "receivables", "unbilled", "credit_balance", "tax_payable")
# Usage of August at 0.005 a call in its last tier; its price is corrected to 0.006.
LATE_CALLS, AT_FIRST_MINOR, CORRECTED_MINOR = 10_000, 5_000, 6_000
PRICE, LAST_TIER, CORRECTED_TIER = "api-calls-eur-m-v1", "0.005", "0.006"
REFUND_MINOR = 500
LATE_LINES = """
    select original_period, account, currency, sum(amount_minor)::bigint
    from ledger.journal_lines
    where posted_period = %s and original_period < posted_period and rule = %s and (line_ref = %s or source_id = %s)
    group by 1, 2, 3
    having sum(amount_minor) <> 0
    order by 1, 2, 3
"""


def closed_with_waivers(period: date) -> Closed:
    """Close a month whose planted faults an approver accepts."""
    planned = plan("main", period)
    assert {gate.name for gate in planned.open_gates} & HOLD_WHATEVER_IS_PLANTED == set()
    waivers = {gate.name: "planted in the sample company" for gate in planned.open_gates}
    return close_month("main", period, "anna", "ben", waivers)


def late_usage(landing: Path) -> str:
    """An account's calls of August that were recorded in November, and that late usage is billed; the late charge."""
    ((account, item),) = rows(
        """
        select account_id, subscription_item_id from intermediate.int_billing__charges
        where price_code = %s and line_kind = 'usage' and billing_system = 'erp'
            and period_start = '2026-08-01' and period_end = '2026-09-01'
        order by charge_id
        limit 1
        """,
        PRICE,
    )
    event = {
        "specversion": "1.0",
        "id": "late-calls-of-august",
        "source": "//acme/api-gateway",
        "type": "com.acme.api_call",
        "subject": account,
        "time": "2026-08-15T12:00:00Z",
        "recordedtime": "2026-11-10T06:00:00Z",
        "datacontenttype": "application/json",
        "data": {"calls": LATE_CALLS, "region": "us-west-2"},
    }
    put(landing, "usage/events/2026-11-10/late.jsonl", json.dumps(event) + "\n")
    ((terms,),) = rows("select payload from raw.catalog__conventions where payload ->> 'billing_system' = 'erp'")
    billed_late = {**terms, "valid_from": "2026-09-01", "late_usage_mode": "next_invoice"}
    put(landing, "catalog/conventions/2026-11-10/conventions.yaml", yaml.safe_dump({"conventions": [billed_late]}))
    return f"{item}|late_usage_adjustment|2026-08-01T00:00:00Z|2026-09-01T00:00:00Z"


def late_refund(landing: Path) -> str:
    """A refund of August that Stripe delivers in November; its id."""
    ((charge,),) = rows(
        """
        select charges.payload from raw.stripe__charges as charges
        where charges.payload ->> 'status' = 'succeeded' and charges.payload ->> 'disputed' = 'false'
            and charges.payload ->> 'amount_refunded' = '0' and charges.payload ->> 'currency' = 'usd'
            and (charges.payload ->> 'amount')::bigint > %s
            and (charges.payload ->> 'created')::bigint < extract(epoch from timestamptz '2026-08-20 00:00Z')
            and exists (
                select from marts.fct_payments as payments
                where payments.kind = 'payment' and payments.invoice_id = charges.payload ->> 'invoice'
            )
        order by charges.record_id
        limit 1
        """,
        REFUND_MINOR,
    )
    created = int(datetime(2026, 8, 28, 12, tzinfo=UTC).timestamp())
    refund = {
        "id": "re_late",
        "object": "refund",
        "amount": REFUND_MINOR,
        "balance_transaction": "txn_late",
        "charge": charge["id"],
        "payment_intent": charge["payment_intent"],
        "created": created,
        "currency": charge["currency"],
        "metadata": {},
        "reason": "requested_by_customer",
        "status": "succeeded",
    }
    booking = {
        "id": "txn_late",
        "object": "balance_transaction",
        "type": "refund",
        "reporting_category": "refund",
        "source": "re_late",
        "amount": -REFUND_MINOR,
        "net": -REFUND_MINOR,
        "fee": 0,
        "fee_details": [],
        "currency": charge["currency"],
        "created": created,
        "available_on": created,
        "status": "available",
    }
    put(landing, "stripe/refunds/2026-11-10/late.jsonl", json.dumps(refund) + "\n")
    put(landing, "stripe/balance_transactions/2026-11-10/late.jsonl", json.dumps(booking) + "\n")
    return "re_late"


def corrected_price(landing: Path) -> None:
    """The catalogue's price with another last tier, from the day on which it always held."""
    ((price,),) = rows("select payload from raw.catalog__prices where record_id = %s", PRICE)
    assert price["tiers"][-1]["unit_amount"] == LAST_TIER
    price["tiers"][-1]["unit_amount"] = CORRECTED_TIER
    put(landing, "catalog/prices/2026-11-11/prices.yaml", yaml.safe_dump({"prices": [price]}))


def deliver(landing: Path) -> None:
    """Load what is new in the folder, all of it accepted, and build."""
    loaded = load_landing(landing)
    assert [result.quarantined for result in loaded] == [0] * len(loaded)
    build(tests=False, holder="late facts")


def late_lines(period: date, rule: str, source: str) -> list[tuple[Any, ...]]:
    """What was posted into a month for earlier months, of a charge or a refund."""
    return rows(LATE_LINES, period, rule, source, source)


@pytest.mark.e2e
@pytest.mark.timeout(1800)
def test_three_months_close_in_sequence_and_what_arrives_late_goes_to_the_first_open_one(copy_of_sample, tmp_path):
    assert add("main", read(STANDARD), "anna") == 20
    closings = [closed_with_waivers(AUGUST)]

    charge, refund = late_usage(tmp_path), late_refund(tmp_path)
    deliver(tmp_path)
    closings.append(closed_with_waivers(SEPTEMBER))
    assert late_lines(SEPTEMBER, "unbilled", charge) == [
        (AUGUST, "revenue", "eur", -AT_FIRST_MINOR),
        (AUGUST, "unbilled_receivable", "eur", AT_FIRST_MINOR),
    ]
    refunded = {account: amount for _, account, _, amount in late_lines(SEPTEMBER, "refund", refund)}
    assert refunded["cash"] == -REFUND_MINOR
    assert sum(refunded.values()) == 0

    corrected_price(tmp_path)
    deliver(tmp_path)
    closings.append(closed_with_waivers(OCTOBER))
    assert late_lines(OCTOBER, "unbilled", charge) == [
        (AUGUST, "revenue", "eur", AT_FIRST_MINOR - CORRECTED_MINOR),
        (AUGUST, "unbilled_receivable", "eur", CORRECTED_MINOR - AT_FIRST_MINOR),
    ]
    assert late_lines(OCTOBER, "refund", refund) == []

    no_closed_month_moved(closings)
    showing_the_books_takes_no_view_away()
    every_opening_balance_is_the_closing_balance_before_it()
    late_facts_are_reported_with_both_months()
    a_closed_month_comes_out_the_same_again(copy_of_sample)


def showing_the_books_takes_no_view_away() -> None:
    """What `tieout close run` builds after a close: the next month can be planned at once, without another build."""
    before = rows("select schemaname, viewname from pg_views where schemaname !~ '^pg_' order by 1, 2")
    build(select=[BOOKS_AND_BELOW], exclude=COMPARED_BY_BUILDS, tests=False, holder="the books")
    assert rows("select schemaname, viewname from pg_views where schemaname !~ '^pg_' order by 1, 2") == before
    assert plan("main", date(2026, 11, 1)).open_gates


def no_closed_month_moved(closings: list[Closed]) -> None:
    """The chains hold, every head is the one that its month closed with, and the journal is what the rules say."""
    assert [closing.period for closing in closings] == MONTHS
    assert all(closing.line_count > 0 for closing in closings)
    found = verify()
    assert found.faults == []
    assert [(month.period, month.chain_head) for month in found.months] == [
        (f"{closing.period:%Y-%m}", closing.chain_head) for closing in closings
    ]
    assert (
        rows("""
        select original_period, account, currency
        from (
            select original_period, account, currency, amount_minor, functional_minor
            from intermediate.int_ledger__entries
            where original_period <= '2026-10-01'
            union all
            select original_period, account, currency, -amount_minor, -functional_minor from ledger.journal_lines
        ) as both_sides
        group by original_period, account, currency
        having sum(amount_minor) <> 0 or sum(functional_minor) <> 0
    """)
        == []
    )


def every_opening_balance_is_the_closing_balance_before_it() -> None:
    """For every account, currency and month as it was closed; and in every roll-forward."""
    assert (
        rows("""
        select now.period, now.account, now.currency
        from ledger.balances as now
        left join ledger.balances as before
            on now.entity = before.entity and now.account = before.account and now.currency = before.currency
                and now.functional_currency = before.functional_currency
                and before.period = (now.period - interval '1 month')::date
        where coalesce(before.balance_minor, 0) + now.movement_minor <> now.balance_minor
            or coalesce(before.functional_balance_minor, 0) + now.functional_movement_minor
            <> now.functional_balance_minor
    """)
        == []
    )
    for name in ROLLFORWARDS:
        roll = f"""
            select now.period, now.currency
            from marts.fct_{name}_rollforward as now
            left join marts.fct_{name}_rollforward as before
                on now.entity = before.entity and now.currency = before.currency
                    and now.functional_currency = before.functional_currency
                    and before.period = (now.period - interval '1 month')::date
            where now.opening_minor <> coalesce(before.closing_minor, 0)
                or now.functional_opening_minor <> coalesce(before.functional_closing_minor, 0)
        """
        assert (name, rows(roll)) == (name, [])
    assert rows("select distinct period from marts.fct_deferred_revenue_rollforward where is_closed order by 1") == [
        (month,) for month in MONTHS
    ]


def late_facts_are_reported_with_both_months() -> None:
    """fct_changed_since_close is the late lines of the journal, by the month posted and the month they belong to."""
    late = rows(
        "select posted_period, original_period, rule, sum(line_count)::bigint from marts.fct_changed_since_close"
        " group by 1, 2, 3 order by 1, 2, 3"
    )
    assert late == rows(
        "select posted_period, original_period, rule, count(*) from ledger.journal_lines"
        " where original_period < posted_period group by 1, 2, 3 order by 1, 2, 3"
    )
    assert {(SEPTEMBER, AUGUST, "refund"), (SEPTEMBER, AUGUST, "unbilled"), (OCTOBER, AUGUST, "unbilled")} <= {
        row[:3] for row in late
    }


def a_closed_month_comes_out_the_same_again(url: str) -> None:
    """September, which closed before the price was corrected; and not when a record it rests on was tampered with."""
    found = reproduce("main", SEPTEMBER)
    assert (found.first_difference, found.by_line) == (None, True)
    with psycopg.connect(url) as superuser:
        superuser.execute(
            "update raw.stripe__refunds set payload = jsonb_set(payload, '{amount}', '501') where record_id = 're_late'"
        )
    found = reproduce("main", SEPTEMBER)
    assert found.first_difference is not None
    assert found.first_difference.where.startswith("line ")
    assert '"re_late"' in str(found.first_difference.posted)
    assert '"501"' in str(found.first_difference.built).replace("-", "")
    assert rows("select is_identical from ledger.reproductions order by reproduction_no") == [(True,), (False,)]
