"""What happens to invoices, out of billing and cash: each event once, in its order, linked to what it ends."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import psycopg
import pytest

from tests.dbt.model_queries import model_query

COLUMNS = (
    "event_id, event_type, ledger_invoice_id, event_on::text, amount_minor, fee_minor, is_reinstated, reverses_event_id"
)
Event = tuple[Any, ...]


@pytest.fixture
def session(module_warehouse: str) -> Iterator[psycopg.Connection[Any]]:
    """A session with the inputs of int_ledger__events: one invoice, billed on 2026-10-05, and nothing that happened."""
    with psycopg.connect(module_warehouse) as connection:
        connection.execute(
            """
            set timezone to 'UTC';
            create temp table int_ledger__invoices (ledger_invoice_id text, billed_on date, currency text);
            create temp table int_cash__payments (
                payment_id text, billing_system text, kind text, invoice_id text, currency text, amount_minor bigint,
                paid_at timestamptz, status text, balance_transaction_id text
            );
            create temp table int_cash__balance_transactions (
                balance_transaction_id text, source_id text, fee_minor bigint
            );
            create temp table int_ledger__credit_notes (
                billing_system text, credit_note_id text, invoice_id text, issued_at timestamptz, issued_on date,
                voided_at timestamptz, voided_on date, currency text, amount_minor bigint, refund_minor bigint,
                to_balance_minor bigint, out_of_band_minor bigint, fee_minor bigint, refund_id text
            );
            create temp table int_catalog__policies (policy text, valid_from date, valid_to date, value text);
            create temp table int_ledger__invoice_ends (
                ledger_invoice_id text, event_type text, event_on date, event_at timestamptz
            );
            insert into int_ledger__invoices values
                ('stripe|in_1', '2026-10-05', 'usd'), ('stripe|in_2', '2026-10-05', 'usd');
            """
        )
        yield connection
        connection.rollback()


def pay(
    session: psycopg.Connection[Any], payment_id: str, *, kind: str, amount: int, paid_at: str, **more: str
) -> None:
    """A movement of money with a customer; outgoing ones are negative."""
    session.execute(
        "insert into int_cash__payments values (%s, 'stripe', %s, %s, 'usd', %s, %s, %s, %s)",
        (
            payment_id,
            kind,
            more.get("invoice", "in_1"),
            amount,
            paid_at,
            more.get("status", "succeeded"),
            more.get("transaction"),
        ),
    )


def events(session: psycopg.Connection[Any]) -> list[Event]:
    """The events of the model, in order."""
    query = f"select {COLUMNS} from ({model_query('int_ledger__events')}) as events order by event_on, event_no"
    return session.execute(query.encode()).fetchall()


def test_a_charge_that_pays_two_invoices_costs_its_fee_once(session):
    session.execute("insert into int_cash__balance_transactions values ('txn_1', 'ch_1', 59)")
    pay(session, "p1", kind="payment", amount=600, paid_at="2026-10-06", transaction="txn_1")
    pay(session, "p2", kind="payment", amount=400, paid_at="2026-10-06", transaction="txn_1", invoice="in_2")
    assert events(session) == [
        ("stripe|p1", "payment", "stripe|in_1", "2026-10-06", 600, 59, False, None),
        ("stripe|p2", "payment", "stripe|in_2", "2026-10-06", 400, 0, False, None),
    ]


def test_a_won_dispute_names_the_dispute_that_it_ends_and_follows_the_policy_of_its_day(session):
    session.execute(
        """
        insert into int_cash__balance_transactions values ('txn_1', 'dp_1', 1500), ('txn_2', 'dp_1', -1500);
        insert into int_catalog__policies values ('dispute_won', '2026-11-01', null, 'reinstate');
        """
    )
    pay(session, "txn_1", kind="dispute", amount=-900, paid_at="2026-10-10", transaction="txn_1")
    pay(session, "txn_2", kind="dispute_reversal", amount=900, paid_at="2026-11-10", transaction="txn_2")
    assert events(session) == [
        ("stripe|txn_1", "dispute", "stripe|in_1", "2026-10-10", 900, 1500, False, None),
        ("stripe|txn_2", "dispute_won", "stripe|in_1", "2026-11-10", 900, -1500, True, "stripe|txn_1"),
    ]


def test_a_refund_that_pays_out_a_credit_note_is_booked_with_it_alone(session):
    session.execute(
        """
        insert into int_ledger__credit_notes values (
            'stripe', 'cn_1', 'in_1', '2026-10-12', '2026-10-12', null, null, 'usd', 300, 300, 0, 0, 0, 're_1'
        )
        """
    )
    pay(session, "re_1", kind="refund", amount=-300, paid_at="2026-10-12")
    pay(session, "re_2", kind="refund", amount=-100, paid_at="2026-10-13")
    assert [event[:2] for event in events(session)] == [("stripe|cn_1", "credit_note"), ("stripe|re_2", "refund")]


def test_a_payment_or_refund_that_failed_is_no_event(session):
    pay(session, "p1", kind="payment", amount=600, paid_at="2026-10-06", status="failed")
    pay(session, "re_1", kind="refund", amount=-600, paid_at="2026-10-06", status="canceled")
    assert events(session) == []


def test_nothing_happens_to_an_invoice_before_it_is_there(session):
    pay(session, "p1", kind="payment", amount=600, paid_at="2026-09-30T23:59:59Z")
    assert events(session)[0][3] == "2026-10-05"


def test_money_for_an_invoice_that_is_not_known_is_listed_and_not_booked(session):
    pay(session, "p1", kind="payment", amount=600, paid_at="2026-10-06", invoice="in_9")
    assert events(session)[0][:3] == ("stripe|p1", "payment", None)


def test_a_credit_note_and_its_void_are_two_events(session):
    session.execute(
        """
        insert into int_ledger__credit_notes values (
            'stripe', 'cn_1', 'in_1', '2026-10-12', '2026-10-12', '2026-10-20', '2026-10-20', 'usd', 300,
            0, 0, 0, 0, null
        )
        """
    )
    assert [(event[1], event[3], event[7]) for event in events(session)] == [
        ("credit_note", "2026-10-12", None),
        ("credit_note_void", "2026-10-20", "stripe|cn_1"),
    ]
