"""Three months of the sample company close one after the other, and what they closed with adds up across all three."""

from __future__ import annotations

from datetime import date

import pytest

from orchestration.close.accounts import STANDARD, add, read
from orchestration.close.closing import Closed, close_month, plan
from orchestration.close.verification import verify
from tests.warehouse.ledger_rows import rows

MONTHS = [date(2026, 8, 1), date(2026, 9, 1), date(2026, 10, 1)]
# The planted faults are in deliveries, billing and cash; the journal follows its sources all the same.
HOLD_WHATEVER_IS_PLANTED = {"trial balance", "deferred revenue", "revenue", "invoices", "tax"}


def closed_with_waivers(period: date) -> Closed:
    """Close a month whose planted faults an approver accepts."""
    planned = plan("main", period)
    assert {gate.name for gate in planned.open_gates} & HOLD_WHATEVER_IS_PLANTED == set()
    waivers = {gate.name: "planted in the sample company" for gate in planned.open_gates}
    return close_month("main", period, "anna", "ben", waivers)


@pytest.mark.e2e
def test_three_months_close_in_sequence_and_each_opens_with_what_the_last_one_closed_with(copy_of_sample):
    assert add("main", read(STANDARD), "anna") == 20
    closings = [closed_with_waivers(period) for period in MONTHS]
    assert [closing.period for closing in closings] == MONTHS
    assert all(closing.line_count > 0 for closing in closings)

    found = verify()
    assert found.faults == []
    assert [(month.period, month.chain_head) for month in found.months] == [
        (f"{closing.period:%Y-%m}", closing.chain_head) for closing in closings
    ]

    # opening balance + movement = closing balance, for every account and currency of every month
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

    # the journal says what the rules say, month by month, and nothing that is planned for later
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
