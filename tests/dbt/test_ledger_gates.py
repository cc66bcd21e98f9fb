"""The gates of the books: each names what does not agree with billing and cash, and nothing else."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from typing import Any

import psycopg
import pytest

from tests.dbt.model_queries import model_query

OCTOBER, NOVEMBER = date(2026, 10, 1), date(2026, 11, 1)
OTHER_GATES = ("credit_balances", "obligations", "transfer", "reproductions")  # test_close_gates.py
GATES = ("trial_balance", "schedules", "receivables", "unbilled", "invoices", "processor", "tax", "builds")
TABLES = """
    create temp table periods (entity text, period date, status text);
    create temp table journal_lines (
        entity text default 'main', posted_period date default '2026-10-01', original_period date default '2026-10-01',
        source_system text default 'stripe', source_id text default 'in_1', rule text default 'invoice',
        customer_id text default 'acct_1', invoice_id text default 'in_1', invoice_line_id text default 'il_1',
        line_ref text default '', account text,
        currency text default 'usd', amount_minor bigint, functional_currency text default 'usd',
        functional_minor bigint
    );
    create temp table fct_invoices (
        billing_system text default 'stripe', invoice_id text, status text default 'open', invoice_on date,
        currency text default 'usd', tax_minor bigint default 0, total_minor bigint, credited_minor bigint default 0,
        balance_applied_minor bigint default 0
    );
    create temp table fct_payments (
        payment_id text, kind text default 'payment', billing_system text default 'stripe', invoice_id text,
        amount_minor bigint, paid_at timestamptz, status text default 'succeeded'
    );
    create temp table fct_balance_transactions (
        transaction_type text, currency text default 'usd', fee_minor bigint default 0, net_minor bigint,
        created_at timestamptz
    );
    create temp table fct_revenue_schedules (
        billing_system text default 'stripe', invoice_id text default 'in_1', invoice_line_id text default 'il_1',
        month_on date, currency text default 'usd', amount_minor bigint
    );
    create temp table stg_ops__builds (
        holder text, to_load_seq bigint, status text, started_at timestamptz, finished_at timestamptz
    );
    create temp table stg_ops__loads (system text, load_seq bigint);
"""


ITEM = {"rule": "unbilled", "source_id": "item_1", "line_ref": "item_1", "invoice_id": None, "invoice_line_id": None}


@pytest.fixture(scope="module")
def session(module_warehouse: str) -> Iterator[psycopg.Connection[Any]]:
    with psycopg.connect(module_warehouse) as connection:
        connection.execute("set timezone to 'UTC'")
        connection.execute(TABLES)
        periods = model_query("recon_ledger_gate__periods")
        connection.execute(f"create temp view recon_ledger_gate__periods as {periods}".encode())
        for gate in GATES:
            name = f"recon_ledger_gate__{gate}"
            connection.execute(f"create temp view {name} as {model_query(name)}".encode())
        for gate in OTHER_GATES:
            name = f"recon_ledger_gate__{gate}"
            connection.execute(f"create temp view {name} as select * from recon_ledger_gate__tax where false".encode())
        connection.execute(f"create temp view recon_ledger_gate as {model_query('recon_ledger_gate')}".encode())
        connection.commit()
        yield connection


@pytest.fixture
def books(session: psycopg.Connection[Any]) -> Iterator[psycopg.Connection[Any]]:
    """October as it should be: an invoice with tax, paid in part, and one customer's usage not billed yet."""
    session.execute("insert into periods values ('main', %s, 'closing'), ('main', %s, 'open')", (OCTOBER, NOVEMBER))
    line(session, "accounts_receivable", 12000)
    line(session, "deferred_revenue", -10000)
    line(session, "deferred_revenue", 4000, rule="schedule")
    line(session, "revenue", -4000, rule="schedule")
    session.execute(
        "insert into fct_revenue_schedules (month_on, amount_minor) values ('2026-10-01', 4000), ('2026-11-01', 6000)"
    )
    line(session, "tax_payable", -2000)
    line(session, "cash", 4850, rule="payment", source_id="py_1")
    line(session, "fees", 150, rule="payment", source_id="py_1")
    line(session, "accounts_receivable", -5000, rule="payment", source_id="py_1")
    line(session, "unbilled_receivable", 300, **ITEM)
    line(session, "revenue", -300, **ITEM)
    session.execute(
        "insert into fct_invoices (invoice_id, invoice_on, tax_minor, total_minor) values"
        " ('in_1', '2026-10-03', 2000, 12000), ('draft', null, 0, 5)"
    )
    session.execute(
        "insert into fct_payments (payment_id, invoice_id, amount_minor, paid_at) values"
        " ('py_1', 'in_1', 5000, '2026-10-31 23:59:59Z'), ('py_2', 'in_1', 7000, '2026-11-01 00:00Z')"
    )
    session.execute(
        "insert into fct_balance_transactions values ('charge', 'usd', 150, 4850, '2026-10-31 23:59:59Z'),"
        " ('payout', 'usd', 0, -4850, '2026-10-31 12:00Z')"
    )
    session.execute("insert into stg_ops__builds values ('tieout build', 7, 'succeeded', '2026-11-03', '2026-11-03')")
    session.execute("insert into stg_ops__loads values ('stripe', 7)")
    yield session
    session.rollback()


def line(session: psycopg.Connection[Any], account: str, amount: int, **other: Any) -> None:
    """A line of the books, in functional currency the same."""
    values = {"account": account, "amount_minor": amount, "functional_minor": amount, **other}
    places = ", ".join(f"%({name})s" for name in values)
    session.execute(f"insert into journal_lines ({', '.join(values)}) values ({places})".encode(), values)


def found(session: psycopg.Connection[Any], period: date = OCTOBER) -> list[tuple[str, str, int | None]]:
    """Gate, currency and amount of every reason of a month."""
    return session.execute(
        "select gate, currency, amount_minor from recon_ledger_gate"
        " where entity = 'main' and period_month = %s order by 1, 2, 3",
        (period,),
    ).fetchall()


def reasons(session: psycopg.Connection[Any]) -> list[str]:
    return [
        row[0]
        for row in session.execute(
            "select reason from recon_ledger_gate where period_month = %s order by 1", (OCTOBER,)
        ).fetchall()
    ]


def test_books_that_agree_have_no_reason(books):
    assert found(books) == []


def test_debits_without_credits_are_off_balance_in_both_currencies(books):
    line(books, "fees", 7, currency="jpy", functional_minor=5, source_system="erp")
    assert found(books) == [("trial balance", "jpy", 7), ("trial balance", "usd", 5)]


def test_an_invoice_that_is_not_in_the_books_is_named(books):
    books.execute("insert into fct_invoices (invoice_id, invoice_on, total_minor) values ('in_2', '2026-10-31', 900)")
    assert found(books) == [("invoices", "usd", 900), ("receivables", "usd", 900)]
    assert "stripe invoice in_2: billed 900, in the books 0 minor units" in reasons(books)


def test_an_invoice_of_the_books_that_billing_does_not_know_is_named(books):
    line(books, "accounts_receivable", 50, invoice_id="in_9", source_id="in_9")
    line(books, "revenue", -50, invoice_id="in_9", source_id="in_9", invoice_line_id="il_9")
    assert found(books) == [("invoices", "usd", -50)]


def test_what_a_customers_balance_pays_counts_as_billed(books):
    books.execute(
        "insert into fct_invoices (invoice_id, invoice_on, total_minor, balance_applied_minor)"
        " values ('in_2', '2026-10-31', 900, 400)"
    )
    line(books, "accounts_receivable", 500, invoice_id="in_2")
    line(books, "customer_credit_balance", 400, invoice_id="in_2")
    line(books, "deferred_revenue", -900, invoice_id="in_2", invoice_line_id="il_2")
    assert found(books) == []


def test_a_line_whose_schedule_changed_after_it_was_posted_is_named_with_both_amounts(books):
    books.execute("update fct_revenue_schedules set amount_minor = amount_minor + 100 where month_on = '2026-10-01'")
    books.execute("update fct_revenue_schedules set amount_minor = amount_minor - 100 where month_on = '2026-11-01'")
    assert found(books) == [("deferred revenue", "usd", -100), ("revenue", "usd", 100)]
    assert reasons(books) == [
        "stripe line il_1: earned 4100 by its schedule, in the books 4000 minor units",
        "stripe line il_1: still to earn 5900 by its schedule, deferred in the books 6000 minor units",
    ]


def test_a_line_that_was_refunded_is_not_held_against_its_schedule(books):
    line(books, "deferred_revenue", 600, rule="refund", source_id="re_1")
    line(books, "refunds", 400, rule="refund", source_id="re_1")
    line(books, "customer_credit_balance", -1000, rule="refund", source_id="re_1")
    assert found(books) == []


def test_an_invoice_of_the_next_month_is_not_asked_for(books):
    books.execute("insert into fct_invoices (invoice_id, invoice_on, total_minor) values ('in_2', '2026-11-01', 900)")
    assert found(books) == []


def test_a_receivable_that_a_payment_of_the_month_should_have_settled_is_named(books):
    books.execute("update fct_payments set amount_minor = 6000 where payment_id = 'py_1'")
    assert found(books) == [("receivables", "usd", -1000)]
    assert reasons(books) == ["stripe invoice in_1: owed 6000, in the books 7000 minor units"]


def test_a_written_off_invoice_may_stand_whole_or_not_at_all(books):
    books.execute("update fct_invoices set status = 'uncollectible' where invoice_id = 'in_1'")
    assert found(books) == []
    line(books, "accounts_receivable", -7000, rule="uncollectible")
    line(books, "bad_debt", 7000, rule="uncollectible")
    assert found(books) == []
    line(books, "accounts_receivable", -1, rule="uncollectible")
    line(books, "bad_debt", 1, rule="uncollectible")
    assert found(books) == [("receivables", "usd", 7001)]


def test_a_booking_of_the_processor_that_is_not_in_the_books_shows_as_cash_and_fees(books):
    books.execute("insert into fct_balance_transactions values ('refund', 'usd', -3, -97, '2026-10-05')")
    books.execute("insert into fct_balance_transactions values ('stripe_fee', 'usd', 0, -20, '2026-10-05')")
    assert found(books) == [("cash", "usd", -117), ("fees", "usd", 17)]


def test_payouts_and_bookings_of_other_months_are_no_cash_of_the_month(books):
    books.execute("insert into fct_balance_transactions values ('charge', 'usd', 1, 99, '2026-11-01 00:00Z')")
    assert found(books) == []


def test_tax_of_an_invoice_that_the_books_do_not_have_shows(books):
    books.execute("update fct_invoices set tax_minor = 2100 where invoice_id = 'in_1'")
    assert found(books) == [("tax", "usd", 100)]


def test_what_was_earned_two_months_ago_and_never_billed_is_named_once_a_cycle_has_passed(books):
    assert found(books) == []
    books.execute("insert into periods values ('main', '2026-12-01', 'open')")
    assert [row for row in found(books, NOVEMBER) if row[0] == "unbilled"] == []
    assert [row for row in found(books, date(2026, 12, 1)) if row[0] == "unbilled"] == [("unbilled", "usd", 300)]


def test_what_an_invoice_took_over_is_billed_although_the_entry_is_the_invoices(books):
    books.execute("insert into periods values ('main', '2026-12-01', 'open')")
    line(books, "unbilled_receivable", -300, source_id="in_3", line_ref="item_1", posted_period=NOVEMBER)
    assert [row for row in found(books, date(2026, 12, 1)) if row[0] == "unbilled"] == []


def test_files_that_are_not_built_and_a_build_that_failed_hold_every_month(books):
    books.execute("insert into stg_ops__loads values ('bank', 8), ('bank', 9)")
    books.execute("insert into stg_ops__builds values ('anna', 7, 'failed', '2026-11-04', '2026-11-04')")
    assert found(books) == [("builds", "xxx", None), ("builds", "xxx", None)]
    assert reasons(books) == [
        "bank: files that are loaded and not built",
        "the last build, of anna, did not end well",
    ]


def test_a_late_fact_posted_in_the_next_month_is_not_held_against_its_own(books):
    line(books, "cash", 10, rule="payment", source_id="py_3", posted_period=NOVEMBER)
    line(books, "accounts_receivable", -10, rule="payment", source_id="py_3", posted_period=NOVEMBER)
    assert found(books) == []
