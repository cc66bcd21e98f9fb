"""Gates 10, 11, 12 and 15: credit balances, remaining obligations, the transfer to the ERP, and reproductions."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from typing import Any

import psycopg
import pytest

from tests.dbt.model_queries import model_query

SEPTEMBER, OCTOBER, NOVEMBER = date(2026, 9, 1), date(2026, 10, 1), date(2026, 11, 1)
GATES = ("credit_balances", "obligations", "transfer", "reproductions")
TABLES = """
    create temp table periods (entity text default 'main', period date, status text);
    create temp table journal_lines (
        entity text default 'main', posted_period date default '2026-10-01', source_system text default 'stripe',
        customer_id text default 'acct_1', account text, currency text default 'usd', amount_minor bigint,
        functional_currency text default 'usd', functional_minor bigint
    );
    create temp table int_clock__as_of as select date '2026-11-03' as as_of_on;
    create temp table stg_stripe__customers (
        account_id text, currency text default 'usd', balance_minor bigint, is_deleted boolean default false
    );
    create temp table int_ledger__entries (
        entity text default 'main', source_system text default 'stripe', account text default 'customer_credit_balance',
        customer_id text default 'acct_1', currency text default 'usd', original_period date, booked_on date,
        amount_minor bigint
    );
    create temp table recon_closing__obligations (
        entity text default 'main', period date default '2026-10-01', currency text default 'usd',
        deferred_minor bigint, unbilled_minor bigint, within_12_months_minor bigint, after_12_months_minor bigint
    );
    create temp table recon_closing__periods as select 'main' as entity, date '2026-10-01' as period;
    create temp table int_ledger__gl_accounts (
        entity text default 'main', account text, valid_from date default '2020-01-01', valid_to date, gl_account text
    );
    create temp table int_ledger__erp_gl_lines (
        external_id text, gl_account text, posted_month date default '2026-09-01', currency text default 'usd',
        amount_minor bigint
    );
    create temp table period_events (entity text default 'main', event_no bigint, period date, event text);
    create temp table reproductions (
        entity text default 'main', period date default '2026-09-01', reproduction_no bigint, event_no bigint,
        is_identical boolean, difference_count bigint default 0, first_difference text
    );
"""


@pytest.fixture(scope="module")
def session(module_warehouse: str) -> Iterator[psycopg.Connection[Any]]:
    with psycopg.connect(module_warehouse) as connection:
        connection.execute("set timezone to 'UTC'")
        connection.execute(TABLES)
        for name in (
            "recon_ledger_gate__periods",
            *(f"recon_ledger_gate__{gate}" for gate in GATES),
            "recon_unchecked_gates",
        ):
            connection.execute(f"create temp view {name} as {model_query(name)}".encode())
        connection.commit()
        yield connection


@pytest.fixture
def books(session: psycopg.Connection[Any]) -> Iterator[psycopg.Connection[Any]]:
    """September closed, transferred and built again; October closes, with a credit and deferred revenue."""
    session.execute("insert into periods values ('main', %s, 'closed'), ('main', %s, 'closing')", (SEPTEMBER, OCTOBER))
    line(session, "deferred_revenue", -9000, month=SEPTEMBER)
    line(session, "cash", 9000, month=SEPTEMBER)
    line(session, "fx_unrealized", 0, month=SEPTEMBER, functional=70)
    line(session, "accounts_receivable", 0, month=SEPTEMBER, functional=-70)
    line(session, "deferred_revenue", 3000)
    line(session, "customer_credit_balance", -500)
    session.execute(
        "insert into int_ledger__gl_accounts (account, valid_from, valid_to, gl_account) values"
        " ('deferred_revenue', '2020-01-01', '2026-10-01', '2200'), ('deferred_revenue', '2026-10-01', null, '2299'),"
        " ('cash', '2020-01-01', null, '1010'), ('fx_unrealized', '2020-01-01', null, '7110'),"
        " ('accounts_receivable', '2020-01-01', null, '1100')"
    )
    session.execute(
        "insert into int_ledger__erp_gl_lines (external_id, gl_account, currency, amount_minor) values"
        " ('tieout-main-2026-09-1-usd', '2200', 'usd', -9000), ('tieout-main-2026-09-1-usd', '1010', 'usd', 9000),"
        " ('in_1', '1100', 'usd', 123), (null, '4000', 'usd', -123)"
    )
    session.execute(
        "insert into recon_closing__obligations (deferred_minor, unbilled_minor, within_12_months_minor,"
        " after_12_months_minor) values (6000, 2000, 7500, 500)"
    )
    # 200 of today's credit came after the month
    session.execute("insert into stg_stripe__customers (account_id, balance_minor) values ('acct_1', -700)")
    session.execute(
        "insert into int_ledger__entries (original_period, booked_on, amount_minor) values"
        " ('2026-10-01', '2026-10-20', -500), ('2026-11-01', '2026-11-02', -200), ('2026-11-01', '2026-11-04', 99)"
    )
    session.execute(
        "insert into period_events (event_no, period, event) values (1, %s, 'opened'), (3, %s, 'closed')",
        (SEPTEMBER, SEPTEMBER),
    )
    reproduced(session, 1, event_no=3, identical=True)
    yield session
    session.rollback()


def line(
    session: psycopg.Connection[Any], account: str, amount: int, *, month: date = OCTOBER, functional: int | None = None
) -> None:
    session.execute(
        "insert into journal_lines (posted_period, account, amount_minor, functional_minor) values (%s, %s, %s, %s)",
        (month, account, amount, amount if functional is None else functional),
    )


def reproduced(session: psycopg.Connection[Any], number: int, *, event_no: int, identical: bool) -> None:
    session.execute(
        "insert into reproductions (reproduction_no, event_no, is_identical, difference_count, first_difference)"
        " values (%s, %s, %s, %s, %s)",
        (number, event_no, identical, 0 if identical else 4, None if identical else "line 7: posted 1, built again 2"),
    )


def rows_of(session: psycopg.Connection[Any], gate: str) -> list[tuple[Any, ...]]:
    query = (
        f"select period_month, currency, reason, row_count, amount_minor from recon_ledger_gate__{gate} order by 1, 3"
    )
    return session.execute(query.encode()).fetchall()


def unchecked(session: psycopg.Connection[Any]) -> list[tuple[Any, ...]]:
    return session.execute("select period_month, gate, because from recon_unchecked_gates order by 1, 2").fetchall()


def test_october_as_it_should_be_opens_none_of_them(books):
    assert {gate: [row for row in rows_of(books, gate) if row[0] == OCTOBER] for gate in GATES} == {
        gate: [] for gate in GATES
    }
    assert [row for row in unchecked(books) if row[0] == OCTOBER] == []


def test_a_credit_that_billing_does_not_know_is_named_with_its_customer(books):
    books.execute("update stg_stripe__customers set balance_minor = -650")
    assert (OCTOBER, "usd", "customer acct_1: credit 450 by billing, in the books 500 minor units", 1, -50) in rows_of(
        books, "credit_balances"
    )


def test_a_credit_of_billing_that_is_not_in_the_books_is_named(books):
    books.execute("insert into stg_stripe__customers (account_id, balance_minor) values ('acct_2', -10)")
    assert (OCTOBER, "usd", "customer acct_2: credit 10 by billing, in the books 0 minor units", 1, 10) in rows_of(
        books, "credit_balances"
    )


def test_deferred_revenue_that_no_obligation_explains_is_named_by_currency(books):
    line(books, "deferred_revenue", -40)
    assert rows_of(books, "obligations") == [
        (OCTOBER, "usd", "billed and still to earn, less deferred revenue in the books", 4, -40)
    ]


def test_obligations_that_do_not_add_up_over_time_are_named(books):
    books.execute("update recon_closing__obligations set after_12_months_minor = 499")
    assert rows_of(books, "obligations") == [
        (OCTOBER, "usd", "deferred and not billed, less what is earned within 12 months and after", 3, 1)
    ]


def test_a_journal_that_the_erp_holds_with_another_amount_is_named_by_account(books):
    books.execute("update int_ledger__erp_gl_lines set amount_minor = 8999 where gl_account = '1010'")
    assert rows_of(books, "transfer") == [
        (OCTOBER, "usd", "2026-09, account 1010: posted 9000, in the ERP 8999 minor units", 1, 1)
    ]


def test_a_journal_that_was_booked_into_another_account_is_named_on_both(books):
    books.execute("update int_ledger__erp_gl_lines set gl_account = '2210' where gl_account = '2200'")
    assert [row[2:] for row in rows_of(books, "transfer")] == [
        ("2026-09, account 2200: posted -9000, in the ERP 0 minor units", 1, -9000),
        ("2026-09, account 2210: posted 0, in the ERP -9000 minor units", 1, 9000),
    ]


def test_a_closed_month_without_a_journal_in_the_erp_is_one_row(books):
    books.execute("delete from int_ledger__erp_gl_lines where external_id like 'tieout%'")
    assert rows_of(books, "transfer") == [
        (OCTOBER, "xxx", "2026-09 is closed and no journal of it is in the ERP", 2, None)
    ]


def test_without_lines_of_the_erp_for_the_month_the_transfer_is_not_checked_and_says_so(books):
    books.execute("delete from int_ledger__erp_gl_lines")
    assert rows_of(books, "transfer") == []
    assert unchecked(books)[-1] == (
        OCTOBER,
        "transfer",
        "the ERP delivered no lines of its general ledger for 2026-09",
    )


def test_in_the_first_month_there_is_nothing_to_transfer_or_to_build_again(books):
    books.execute("delete from periods where period = %s", (OCTOBER,))
    books.execute("update periods set status = 'closing' where period = %s", (SEPTEMBER,))
    assert unchecked(books) == [
        (SEPTEMBER, "reproduction", "no month before this one is closed"),
        (SEPTEMBER, "transfer", "no month before this one is closed, so nothing was handed to the ERP"),
    ]


def test_a_month_that_is_closed_is_not_asked_again(books):
    books.execute("update stg_stripe__customers set balance_minor = -650")
    assert [row[0] for row in rows_of(books, "credit_balances")] == [OCTOBER]
    books.execute("update periods set status = 'closed' where period = %s", (OCTOBER,))
    assert {gate: rows_of(books, gate) for gate in GATES} == {gate: [] for gate in GATES}


def test_the_last_closed_month_must_have_been_built_again_since_it_closed(books):
    books.execute("insert into period_events (event_no, period, event) values (5, %s, 'closed')", (SEPTEMBER,))
    assert rows_of(books, "reproductions") == [
        (OCTOBER, "xxx", "2026-09 was not built again since it closed: tieout close reproduce 2026-09", 1, None)
    ]
    reproduced(books, 2, event_no=5, identical=True)
    assert rows_of(books, "reproductions") == []


def test_a_month_that_comes_out_differently_stays_named_until_it_comes_out_the_same(books):
    reproduced(books, 2, event_no=3, identical=False)
    books.execute("update periods set status = 'closed' where period = %s", (OCTOBER,))
    books.execute("insert into period_events (event_no, period, event) values (8, %s, 'closed')", (OCTOBER,))
    books.execute("insert into periods values ('main', %s, 'closing')", (NOVEMBER,))
    named = "2026-09 comes out differently: line 7: posted 1, built again 2"
    assert [(row[0], row[2], row[3]) for row in rows_of(books, "reproductions")] == [
        (NOVEMBER, named, 4),
        (NOVEMBER, "2026-10 was not built again since it closed: tieout close reproduce 2026-10", 1),
    ]
    reproduced(books, 3, event_no=3, identical=True)
    assert [row[0] for row in rows_of(books, "reproductions")] == [NOVEMBER]
