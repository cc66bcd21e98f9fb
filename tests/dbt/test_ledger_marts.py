"""The marts over the books: three months that close one after the other, with facts that come late."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from typing import Any

import psycopg
import pytest

from orchestration.close.posting import open_months, post
from tests.conftest import ScratchCluster
from tests.dbt import scratch_dbt
from tests.warehouse.ledger_rows import COLUMNS, Fact, fact, month, prepare, say
from warehouse.connection import connect

ACCOUNTS = (
    "accounts_receivable",
    "deferred_revenue",
    "unbilled_receivable",
    "customer_credit_balance",
    "tax_payable",
    "revenue",
    "refunds",
    "cash",
    "fx_unrealized",
)
POSTED_MARTS = (
    "fct_journal_lines",
    "fct_trial_balance",
    "fct_deferred_revenue_rollforward",
    "fct_receivables_rollforward",
    "fct_unbilled_rollforward",
    "fct_credit_balance_rollforward",
    "fct_tax_payable_rollforward",
    "fct_changed_since_close",
    "fct_open_receivables",
    "fct_receivables_ageing",
    "fct_revenue_flux",
)
MODELS = (
    "ageing_buckets",
    "int_ledger__open_receivables",
    "fct_revenue_waterfall",
    "fct_remaining_performance_obligations",
    "int_ledger__gl_accounts",
    "int_ledger__movements",
    "int_ledger__account_movements",
    *POSTED_MARTS,
)
# The invoices of billing, as far as the marts ask for them.
INVOICES = """
    create table intermediate.int_billing__invoices (
        billing_system text, invoice_id text, invoice_on date, due_on date
    );
    insert into intermediate.int_billing__invoices values
    ('stripe', 'in_1', '2026-01-01', '2026-01-31'), ('stripe', 'in_2', '2026-02-05', '2026-01-20'),
    ('stripe', 'in_3', '2026-02-10', null), ('stripe', 'in_4', '2026-03-10', null);
    create table intermediate.int_ledger__invoices as
    select billing_system, invoice_id, invoice_on as billed_on from intermediate.int_billing__invoices;
    create table intermediate.int_revenue__contracted_months (
        line_id text, month_on date, currency text, billed_on date, earned_from_on date, earned_until_on date,
        amount_minor bigint
    );
    insert into intermediate.int_revenue__contracted_months values
    ('item|0', '2026-01-01', 'usd', '2026-01-01', '2026-01-01', '2026-02-01', 50),
    ('item|1', '2026-02-01', 'usd', '2026-02-01', '2026-02-01', '2026-03-01', 60),
    ('item|13', '2027-02-01', 'usd', '2027-02-01', '2027-02-01', '2027-03-01', 7)
"""
CLOSE = """
    insert into ledger.period_events (entity, period, event, preparer, approver, code_version)
    values ('main', %(period)s, 'closing', 'anna', null, null), ('main', %(period)s, 'closed', 'anna', 'ben', 'v1')
"""
Rows = list[tuple[Any, ...]]
INVOICE = COLUMNS.split(", ").index("invoice_id")


def moved(
    which: str, rule: str, source_id: str, amount: int, debit: str, credit: str, *, of: str | None = None, euro: int = 0
) -> list[Fact]:
    """Debit and credit of ``amount`` that ``rule`` books in a month, about invoice ``of``; or of ``euro`` alone."""
    rows = fact(source_id, amount, month=which, rule=rule, debit=debit, credit=credit, functional=amount or euro)
    return [(*row[:INVOICE], of, *row[INVOICE + 1 :]) for row in rows]


def billed(which: str, invoice: str, net: int, tax: int = 0) -> list[Fact]:
    """An invoice, its net amount to be earned later."""
    return [
        *moved(which, "invoice", invoice, net, "accounts_receivable", "deferred_revenue", of=invoice),
        *(moved(which, "invoice", invoice, tax, "accounts_receivable", "tax_payable", of=invoice) if tax else []),
    ]


def earned(which: str, line: str, amount: int, invoice: str) -> list[Fact]:
    """A month of a line's schedule."""
    return moved(which, "schedule", line, amount, "deferred_revenue", "revenue", of=invoice)


def accrued(which: str, item: str, amount: int, invoice: str | None = None) -> list[Fact]:
    """Usage that is earned and not billed yet, or was before its invoice."""
    return moved(which, "unbilled", item, amount, "unbilled_receivable", "revenue", of=invoice)


def known_in(which: str) -> list[list[Fact]]:
    """Everything that is known when a month closes: of other months too, later facts of earlier months among them."""
    price = 12000 if which == "2026-01" else 11700
    facts = [
        billed("2026-01", "in_1", price, tax=2400),
        *[earned(service, "il_1", price // 3, "in_1") for service in ("2026-01", "2026-02")],
        earned("2026-03", "il_1", price // 3 - (200 if which >= "2026-03" else 0), "in_1"),
        accrued("2026-01", "usage_1", 500, None if which == "2026-01" else "in_2"),
    ]
    if which >= "2026-02":
        facts += [
            accrued("2026-01", "usage_2", 200),
            moved("2026-02", "invoice", "in_2", 500, "accounts_receivable", "unbilled_receivable", of="in_2"),
            moved("2026-02", "payment", "py_1", 14100, "cash", "accounts_receivable", of="in_1"),
            moved("2026-02", "invoice", "in_3", 300, "deferred_revenue", "customer_credit_balance", of="in_3"),
            earned("2026-04", "il_3", -300, "in_3"),
        ]
    if which >= "2026-03":
        facts += [
            moved("2026-02", "refund", "re_1", 400, "refunds", "cash", of="in_1"),
            moved("2026-02", "refund", "re_1", 200, "deferred_revenue", "cash", of="in_1"),
            billed("2026-03", "in_4", 1000),
            earned("2026-04", "il_4", 1000, "in_4"),
            moved("2026-03", "invoice", "in_4", 300, "customer_credit_balance", "accounts_receivable", of="in_4"),
            moved("2026-03", "fx_remeasurement", "in_4", 0, "accounts_receivable", "fx_unrealized", of="in_4", euro=50),
        ]
    if which >= "2026-04":
        facts += [accrued("2026-01", "usage_3", 70)]
    return facts


def shown(connection: psycopg.Connection[Any], columns: str, mart: str, condition: str = "true") -> Rows:
    """Columns of a mart in its order of months, without those that are the same in functional currency."""
    query = f"select {columns} from marts.{mart} where {condition} order by {columns}"
    return connection.execute(query.encode()).fetchall()


@pytest.fixture(scope="module")
def books(cluster: ScratchCluster) -> Iterator[tuple[psycopg.Connection[Any], dict[str, Rows]]]:
    """January to March, January and February closed, the marts built and tested after each posting.

    Gives the connection, and of each build the closed months of all marts as they stood.
    """
    kept: dict[str, Rows] = {}
    with scratch_dbt.warehouse(cluster) as connection:
        prepare(accounts=ACCOUNTS)
        with connect("transformer") as transformer:
            transformer.execute(INVOICES.encode())
        for which in ("2026-01", "2026-02", "2026-03"):
            say(*known_in(which))
            with connect("closer") as closer:
                open_months(closer, "main", month(which), "anna")
                post(closer, "main", month(which), "anna", "v1")
                if which != "2026-03":
                    closer.execute(CLOSE, {"period": month(which)})
            scratch_dbt.build("build", *MODELS)
            kept[which] = closed_rows(connection)
        say(*known_in("2026-04"))
        scratch_dbt.build("build", "fct_revenue_waterfall")
        yield connection, kept


def closed_rows(connection: psycopg.Connection[Any]) -> Rows:
    """Every closed row of the marts by month."""
    found: Rows = []
    for mart in POSTED_MARTS:
        period = "posted_period" if mart in ("fct_journal_lines", "fct_changed_since_close") else "period"
        query = f"""
            select '{mart}', t.{period}, t::text from marts.{mart} as t
            inner join ledger.periods as p on p.entity = t.entity and p.period = t.{period}
            where p.status = 'closed' order by 1, 2, 3
        """
        found += connection.execute(query.encode()).fetchall()
    return found


JANUARY, FEBRUARY, MARCH = date(2026, 1, 1), date(2026, 2, 1), date(2026, 3, 1)


@pytest.mark.parametrize(
    ("mart", "columns", "expected"),
    [
        (
            "fct_deferred_revenue_rollforward",
            "period, opening_minor, billed_minor, recognised_minor, refunded_minor, adjusted_minor, closing_minor",
            [
                (JANUARY, 0, 12000, -4000, 0, 0, 8000),
                (FEBRUARY, 8000, -600, -3800, 0, 0, 3600),
                (MARCH, 3600, 1000, -3700, -200, 0, 700),
            ],
        ),
        (
            "fct_receivables_rollforward",
            "opening_minor, billed_minor, paid_minor, closing_minor, functional_remeasured_minor",
            [
                (0, 14400, 0, 14400, 0),
                (500, 700, 0, 1200, 50),
                (14400, 200, -14100, 500, 0),
            ],
        ),
        (
            "fct_unbilled_rollforward",
            "period, opening_minor, accrued_minor, billed_minor, closing_minor",
            [(JANUARY, 0, 500, 0, 500), (FEBRUARY, 500, 200, -500, 200), (MARCH, 200, 0, 0, 200)],
        ),
        (
            "fct_credit_balance_rollforward",
            "period, opening_minor, granted_minor, applied_minor, closing_minor",
            [(FEBRUARY, 0, 300, 0, 300), (MARCH, 300, 0, -300, 0)],
        ),
        (
            "fct_tax_payable_rollforward",
            "period, opening_minor, billed_minor, closing_minor",
            [(JANUARY, 0, 2400, 2400), (FEBRUARY, 2400, 0, 2400), (MARCH, 2400, 0, 2400)],
        ),
    ],
)
def test_every_balance_is_explained_month_by_month(books, mart, columns, expected):
    connection, _ = books
    assert shown(connection, columns, mart) == expected


def test_late_facts_stand_in_the_open_month_and_are_listed_with_their_own(books):
    connection, _ = books
    columns = "posted_period, original_period, rule, account, amount_minor"
    assert shown(connection, columns, "fct_changed_since_close") == [
        (FEBRUARY, JANUARY, "invoice", "accounts_receivable", -300),
        (FEBRUARY, JANUARY, "invoice", "deferred_revenue", 300),
        (FEBRUARY, JANUARY, "schedule", "deferred_revenue", -100),
        (FEBRUARY, JANUARY, "schedule", "revenue", 100),
        (FEBRUARY, JANUARY, "unbilled", "revenue", -200),
        (FEBRUARY, JANUARY, "unbilled", "unbilled_receivable", 200),
        (MARCH, FEBRUARY, "refund", "cash", -600),
        (MARCH, FEBRUARY, "refund", "deferred_revenue", 200),
        (MARCH, FEBRUARY, "refund", "refunds", 400),
    ]


def test_a_closed_month_shows_the_same_rows_whatever_comes_later(books):
    _, kept = books
    january = [row for row in kept["2026-02"] if row[1] == JANUARY]
    assert january == kept["2026-01"]
    assert kept["2026-03"] == kept["2026-02"]
    assert len(january) > len(POSTED_MARTS)


def test_the_trial_balance_names_the_gl_account_in_force_and_foots(books):
    connection, _ = books
    columns = "account, gl_account, opening_minor, debit_minor, credit_minor, closing_minor, is_closed"
    february = shown(connection, columns, "fct_trial_balance", "period = '2026-02-01'")
    assert february == [
        ("accounts_receivable", "1000", 14400, 500, 14400, 500, True),
        ("cash", "1007", 0, 14100, 0, 14100, True),
        ("customer_credit_balance", "1003", 0, 0, 300, -300, True),
        ("deferred_revenue", "1001", -8000, 4500, 100, -3600, True),
        ("revenue", "1005", -4500, 600, 4600, -8500, True),
        ("tax_payable", "1004", -2400, 0, 0, -2400, True),
        ("unbilled_receivable", "1002", 500, 700, 1000, 200, True),
    ]


def test_a_rebuild_from_nothing_gives_the_movements_that_postings_added(books):
    connection, _ = books
    both = ("int_ledger__movements", "int_ledger__account_movements")
    queries = [f"select * from intermediate.{model} as movements order by movements::text" for model in both]
    added = [connection.execute(query).fetchall() for query in queries]
    scratch_dbt.build("run", *both, full_refresh=True)
    assert [connection.execute(query).fetchall() for query in queries] == added
    assert all(added)


def test_receivables_are_aged_by_the_days_past_due_at_each_month_end(books):
    connection, _ = books
    columns = "period, bucket, bucket_name, open_minor, functional_open_minor, invoice_count"
    assert shown(connection, columns, "fct_receivables_ageing") == [
        (JANUARY, 0, "not due or up to 30 days", 14400, 14400, 1),
        (FEBRUARY, 30, "31 to 60 days", 500, 500, 1),
        (MARCH, 0, "not due or up to 30 days", 700, 750, 1),
        (MARCH, 60, "61 to 90 days", 500, 500, 1),
    ]
    assert shown(connection, "period, invoice_id, due_on, days_past_due, open_minor", "fct_open_receivables") == [
        (JANUARY, "in_1", date(2026, 1, 31), 0, 14400),
        (FEBRUARY, "in_2", date(2026, 1, 20), 39, 500),
        (MARCH, "in_2", date(2026, 1, 20), 70, 500),
        (MARCH, "in_4", date(2026, 3, 10), 21, 700),
    ]


def test_revenue_is_shown_by_the_month_of_the_invoice_posted_and_planned(books):
    connection, _ = books
    columns = "month_on, status, invoice_month_on, revenue_minor"
    assert shown(connection, columns, "fct_revenue_waterfall") == [
        (JANUARY, "posted", JANUARY, 4000),
        (JANUARY, "posted", None, 500),
        (FEBRUARY, "posted", JANUARY, 3800),
        (FEBRUARY, "posted", FEBRUARY, 500),
        (FEBRUARY, "posted", None, -300),
        (MARCH, "planned", None, 70),
        (MARCH, "posted", JANUARY, 3700),
        (date(2026, 4, 1), "planned", FEBRUARY, -300),
        (date(2026, 4, 1), "planned", MARCH, 1000),
    ]


def test_the_change_of_revenue_has_drivers_that_add_up_to_it(books):
    connection, _ = books
    columns = "period, driver, prior_minor, change_minor, current_minor, customer_count"
    assert shown(connection, columns, "fct_revenue_flux") == [
        (JANUARY, "customers_gained", 0, 4500, 4500, 1),
        (FEBRUARY, "customers_shrunk", 4500, -600, 3900, 1),
        (FEBRUARY, "late_facts", 0, 100, 100, 0),
        (MARCH, "customers_shrunk", 3900, -200, 3700, 1),
        (MARCH, "late_facts", 100, -100, 0, 0),
        (MARCH, "refunds", 0, -400, -400, 0),
    ]


def test_what_is_promised_is_deferred_or_unbilled_and_split_at_twelve_months(books):
    connection, _ = books
    columns = (
        "period, deferred_minor, unbilled_minor, total_minor, within_12_months_minor, after_12_months_minor, is_closed"
    )
    assert shown(connection, columns, "fct_remaining_performance_obligations") == [
        (JANUARY, 7800, 67, 7867, 7860, 7, True),
        (FEBRUARY, 3400, 7, 3407, 3407, 0, True),
        (MARCH, 700, 7, 707, 707, 0, False),
    ]


def test_an_analyst_reads_the_journal_through_its_mart_alone(books):
    connection, _ = books
    lines = shown(connection, "sequence", "fct_journal_lines")
    with connect("analyst") as analyst:
        assert analyst.execute("select count(*) from marts.fct_journal_lines").fetchone() == (len(lines),)
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            analyst.execute("select count(*) from ledger.journal_lines")
