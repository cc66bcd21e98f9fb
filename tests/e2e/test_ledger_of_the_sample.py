"""The entries of the sample company against its billing and cash, added up here another way."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import psycopg
import pytest

from tests.built_sample import BuiltSample

RECEIVABLES = """
    with booked as (
        select source_system, invoice_id, sum(amount_minor) as receivable
        from intermediate.int_ledger__entries
        where account = 'accounts_receivable'
        group by source_system, invoice_id
    ),
    paid as (
        select billing_system, invoice_id, sum(amount_minor) as paid
        from intermediate.int_cash__payments
        where kind = 'payment' and status = 'succeeded'
        group by billing_system, invoice_id
    )
    select
        invoices.billing_system || '|' || invoices.invoice_id,
        coalesce(booked.receivable, 0),
        case
            when invoices.status = 'void' then 0
            else greatest(invoices.total_minor, 0) - invoices.credited_minor - invoices.balance_applied_minor
                - coalesce(paid.paid, 0)
        end
    from intermediate.int_billing__invoices as invoices
    left join booked
        on invoices.billing_system = booked.source_system and invoices.invoice_id = booked.invoice_id
    left join paid on invoices.billing_system = paid.billing_system and invoices.invoice_id = paid.invoice_id
    where invoices.status <> 'draft'
"""
CASH = """
    select
        currency,
        sum(amount_minor) filter (where account in ('cash', 'fees')),
        (
            select sum(payments.amount_minor)
            from intermediate.int_cash__payments as payments
            inner join intermediate.int_ledger__invoices as invoices
                on payments.billing_system = invoices.billing_system and payments.invoice_id = invoices.invoice_id
            where payments.status = 'succeeded' and payments.currency = entries.currency
        )
    from intermediate.int_ledger__entries as entries
    group by currency
"""
REVENUE = """
    select lines.ledger_line_id, lines.net_minor, coalesce(-sum(entries.amount_minor), 0)
    from intermediate.int_ledger__lines as lines
    left join intermediate.int_ledger__entries as entries
        on
            lines.billing_system = entries.source_system
            and lines.invoice_line_id = entries.invoice_line_id
            and entries.account = 'revenue'
    where
        lines.invoice_id is not null
        and not exists (
            select 1 from intermediate.int_ledger__events as events
            where events.ledger_invoice_id = lines.ledger_invoice_id and events.event_type <> 'payment'
        )
    group by lines.ledger_line_id, lines.net_minor
"""


@pytest.fixture(scope="module")
def warehouse(built_sample: BuiltSample) -> Iterator[psycopg.Connection[Any]]:
    """The built sample; only read."""
    with psycopg.connect(built_sample.url) as connection:
        yield connection


def rows(warehouse: psycopg.Connection[Any], query: str) -> list[tuple[Any, ...]]:
    """All rows of a query that has some."""
    found = warehouse.execute(query.encode()).fetchall()
    assert found
    return found


def test_receivables_are_what_invoices_leave_open(warehouse):
    assert [row for row in rows(warehouse, RECEIVABLES) if row[1] != row[2]] == []


def test_cash_with_its_fees_is_what_customers_paid_less_what_they_got_back(warehouse):
    assert [row for row in rows(warehouse, CASH) if row[1] != row[2]] == []


def test_a_line_of_which_nothing_is_taken_back_is_earned_whole(warehouse):
    assert [row for row in rows(warehouse, REVENUE) if row[1] != row[2]] == []


def test_every_kind_of_event_of_the_sample_is_booked(warehouse):
    booked = {rule for (rule,) in rows(warehouse, "select distinct rule from intermediate.int_ledger__entries")}
    assert booked >= {"invoice", "schedule", "unbilled", "payment", "credit_note", "dispute", "dispute_won", "void"}
