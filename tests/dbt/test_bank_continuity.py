"""Bank statements go on from one another, in whatever order they came; what does not is named with both balances."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import date, timedelta
from typing import Any

import psycopg
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.dbt.model_queries import model_query

START = date(2026, 10, 1)
LOAD = "00000000-0000-0000-0000-000000000001"
ALL_MONTHS = ["2026-10-01", "2026-11-01", "2026-12-01"]


@dataclass(frozen=True)
class Statement:
    """A statement in minor units; ``last`` is its last day."""

    key: str
    last: date
    number: int | None
    opening: int
    closing: int
    first: date | None = None
    page: int | None = None
    opens: bool = True
    closes: bool = True
    account: str = "DE1"
    currency: str = "eur"


def on(day: int) -> date:
    """A day of October 2026, or after it."""
    return START + timedelta(days=day - 1)


@pytest.fixture(scope="module")
def session(module_warehouse: str) -> Iterator[psycopg.Connection[Any]]:
    """A session with empty inputs of the model."""
    with psycopg.connect(module_warehouse) as connection:
        connection.execute(
            """
            create temp table stg_bank__statements (
                statement_key text, bank_account_id text, statement_id text, sequence_number bigint, page_number bigint,
                is_opening_page boolean, is_closing_page boolean, currency text, start_on date, end_on date,
                opening_balance_minor bigint, closing_balance_minor bigint, is_deleted boolean,
                load_id uuid, line_no bigint
            );
            create temp table stg_bank__entries (
                statement_key text, amount_minor bigint, entry_no bigint default 1, bank_account_id text,
                statement_id text default 'same', entry_ref text, booking_on date, value_on date, currency text,
                bank_reference text, end_to_end_id text, creditor_reference text, description text, counterparty text,
                delivered_on date, load_id uuid, line_no bigint
            );
            create temp table recon_gate__periods (period_month date, period_end_on date);
            create temp table stg_ops__loads (
                load_id uuid, system text, object text, delivered_on date, file_name text
            );
            create temp table int_catalog__policies (policy text, valid_from date, valid_to date, value text);
            """
        )
        connection.execute(
            "insert into stg_ops__loads values (%s, 'bank', 'statements', '2026-10-02', 'f.xml')", (LOAD,)
        )
        yield connection


def chained(
    session: psycopg.Connection[Any], statements: list[Statement], policies: dict[str, str] | None = None
) -> dict[str, tuple[str, int | None, int | None]]:
    """Verdict, gap and number of missing statements of each, by key."""
    session.execute("truncate stg_bank__statements, stg_bank__entries, int_catalog__policies")
    for place, one in enumerate(statements, start=1):
        session.execute(
            "insert into stg_bank__statements values (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, false, %s, %s)",
            (
                *(one.key, one.account, one.key, one.number, one.page, one.opens, one.closes, one.currency),
                *(one.first or one.last, one.last + timedelta(days=1), one.opening, one.closing, LOAD, place),
            ),
        )
        session.execute(
            "insert into stg_bank__entries (statement_key, amount_minor) values (%s, %s)",
            (one.key, one.closing - one.opening),
        )
    for policy, value in (policies or {}).items():
        session.execute("insert into int_catalog__policies values (%s, '2026-01-01', null, %s)", (policy, value))
    chain = model_query("int_cash__bank_statements")
    query = f"select statement_key, verdict, gap_minor, missing_statement_count from ({chain}) as found"
    return {key: tuple(rest) for key, *rest in session.execute(query.encode()).fetchall()}  # type: ignore[misc]


def verdicts(session: psycopg.Connection[Any], *statements: Statement, **more: Any) -> list[str]:
    """Verdicts in the order of the statements."""
    found = chained(session, list(statements), **more)
    return [found[one.key][0] for one in statements]


A = Statement("a", on(1), 1, 100, 110)
B = Statement("b", on(2), 2, 110, 90)
C = Statement("c", on(3), 3, 90, 95)


def test_statements_that_go_on_from_one_another_are_in_order(session):
    assert chained(session, [A, B, C]) == {
        "a": ("first", None, None),
        "b": ("continues", 0, None),
        "c": ("continues", 0, None),
    }


@pytest.mark.parametrize(
    ("statements", "expected"),
    [
        ([A, C], ["first", "number_gap"]),
        ([A, replace(C, opening=110)], ["first", "number_gap"]),
        ([A, replace(B, opening=111)], ["first", "balance_jump"]),
        ([A, replace(B, number=1)], ["first", "duplicate_number"]),
        ([replace(A, number=5), B], ["first", "number_back"]),
        ([replace(A, number=None), replace(B, number=None)], ["first", "continues"]),
        ([replace(A, number=None), replace(B, number=None, opening=0)], ["first", "balance_jump"]),
        (
            [A, replace(B, last=on(9)), replace(C, first=on(4), last=on(10), opening=1)],
            ["first", "continues", "overlap"],
        ),
        ([A, replace(B, last=on(1))], ["first", "continues"]),
    ],
)
def test_what_does_not_go_on_is_called_by_what_is_wrong(session, statements, expected):
    assert verdicts(session, *statements) == expected


def test_numbers_begin_anew_with_the_year_and_after_their_fifth_digit(session):
    december = Statement("d", date(2026, 12, 31), 250, 0, 5)
    january = Statement("j", date(2027, 1, 4), 1, 5, 6)
    assert verdicts(session, december, january) == ["first", "continues"]
    assert verdicts(session, replace(december, number=99999, last=on(1)), replace(january, last=on(2))) == [
        "first",
        "continues",
    ]
    assert verdicts(session, december, replace(january, number=2)) == ["first", "number_back"]


def test_accounts_and_currencies_are_chains_of_their_own(session):
    others = [replace(B, key="x", account="DE2"), replace(B, key="y", currency="usd")]
    assert verdicts(session, A, B, *others) == ["first", "continues", "first", "first"]


def test_pages_are_counted_within_their_statement(session):
    one = replace(A, key="p1", page=1, closes=False)
    two = Statement("p2", on(1), 1, 110, 120, page=2, opens=False)
    after = replace(B, opening=120)
    assert verdicts(session, one, two, after) == ["first", "continues", "continues"]
    assert verdicts(session, one, replace(two, page=3), after) == ["first", "page_missing", "continues"]
    assert verdicts(session, one, after) == ["first", "page_missing"]
    assert verdicts(session, two, after) == ["page_missing", "continues"]
    assert verdicts(session, A, replace(two, number=2, last=on(2))) == ["first", "page_missing"]


def test_numbers_that_count_something_else_are_left_out_by_policy(session):
    skipping = [A, replace(C, opening=110)]
    assert verdicts(session, *skipping, policies={"bank_statement_numbers": "not_counted"}) == ["first", "continues"]
    assert verdicts(session, *skipping, policies={"bank_statement_numbers:DE1": "not_counted"}) == [
        "first",
        "continues",
    ]
    both = {"bank_statement_numbers": "not_counted", "bank_statement_numbers:DE1": "every_statement"}
    assert verdicts(session, *skipping, policies=both) == ["first", "number_gap"]


def test_the_finding_names_account_places_and_both_balances(session):
    chained(session, [A, C])
    chain = model_query("int_cash__bank_statements")
    session.execute(f"create temp table int_cash__bank_statements as {chain}".encode())
    query = f"select finding from ({model_query('fct_bank_statements')}) as found where not is_in_order"
    ((finding,),) = session.execute(query.encode()).fetchall()
    assert finding == (
        "account DE1 (eur): 1 statement(s) before this one are missing; it opens with 90, "
        "bank/statements/2026-10-02/f.xml:1 closed with 110, difference -20 in minor units"
    )
    session.execute("drop table int_cash__bank_statements")


@pytest.mark.parametrize(
    ("after", "months"),
    [(on(30), ["2026-10-01"]), (date(2026, 11, 2), ["2026-10-01", "2026-11-01"]), (date(2026, 12, 1), ALL_MONTHS)],
)
def test_every_month_with_days_between_the_two_statements_is_not_ready(session, after, months):
    session.execute("truncate recon_gate__periods")
    for month, end in (("2026-09-01", "2026-10-01"), *zip(ALL_MONTHS, [*ALL_MONTHS[1:], "2027-01-01"], strict=True)):
        session.execute("insert into recon_gate__periods values (%s, %s)", (month, end))
    chained(session, [A, Statement("c", after, 3, 90, 95)])
    for model in ("int_cash__bank_statements", "fct_bank_statements"):
        session.execute(f"create temp table {model} as {model_query(model)}".encode())
    query = (
        f"select cast(period_month as text), amount_minor, reason from ({model_query('recon_gate__bank_statements')})"
        " as found order by 1"
    )
    found = session.execute(query.encode()).fetchall()
    session.execute("drop table fct_bank_statements, int_cash__bank_statements")
    assert [month for month, _, _ in found] == months
    assert {amount for _, amount, _ in found} == {20}
    assert all(reason.startswith("bank/statements/2026-10-02/f.xml:2: account DE1 (eur): ") for _, _, reason in found)


def test_entries_of_statements_that_share_an_id_are_told_apart(session):
    chained(session, [A, B])
    keys = session.execute(f"select bank_line_key from ({model_query('int_cash__bank_lines')}) as found".encode())
    assert sorted(keys.fetchall()) == [("a|1",), ("b|1",)]


MOVES = st.lists(st.integers(-1000, 1000).filter(bool), min_size=3, max_size=8)


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(moves=MOVES, numbered=st.booleans(), lost=st.integers(0, 100), arrival=st.randoms(use_true_random=False))
def test_one_lost_statement_is_one_finding_with_its_amount_whatever_the_order_of_arrival(
    session, moves, numbered, lost, arrival
):
    balance, statements = 500, []
    for place, move in enumerate(moves, start=1):
        statements.append(Statement(f"s{place}", on(place), place if numbered else None, balance, balance + move))
        balance += move
    gone = 1 + lost % (len(moves) - 2)  # neither the first nor the last
    kept = [one for index, one in enumerate(statements) if index != gone]
    arrival.shuffle(kept)
    found = chained(session, kept)
    after = statements[gone + 1].key
    wrong = {key: rest for key, rest in found.items() if rest[0] not in ("first", "continues")}
    assert wrong == {after: ("number_gap" if numbered else "balance_jump", moves[gone], 1 if numbered else None)}
    arrival.shuffle(kept)
    assert chained(session, kept) == found
