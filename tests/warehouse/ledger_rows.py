"""Facts for tests of the books: a table of the shape that dbt's rules fill, and the models above it that post."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Sequence
from datetime import date
from typing import Any

import psycopg
from psycopg import sql

from tests.dbt.model_queries import PROJECT, expression, model_query
from warehouse.connection import connect

ENTRIES = """
    create table intermediate.int_ledger__entries (
        entry_key text not null, line_ref text not null, entity text not null, source_system text not null,
        source_id text not null, rule text not null, rule_version integer not null, original_period date not null,
        booked_on date, customer_id text, invoice_id text, invoice_line_id text, account text not null,
        currency text not null, amount_minor bigint not null, functional_currency text not null,
        functional_minor bigint not null
    )
"""
# What dbt would have built of the gates: their list, and no reason yet; and of the reports of a closing, none.
GATES = (
    """
    create table reconciliation.recon_closing_reports (entity text, period date, report text, content text)
    """,
    """
    create table reconciliation.recon_gates (
        gate_no integer, gate text, question text, remedy text
    )
    """,
    """
    create table reconciliation.recon_unchecked_gates (
        entity text, period_month date, gate text, because text
    )
    """,
    """
    create table reconciliation.recon_close_gate (
        period_month date, gate text, control_id text, currency text, reason text, break_count bigint,
        amount_minor bigint
    )
    """,
    """
    create table reconciliation.recon_ledger_gate (
        entity text, period_month date, gate text, currency text, reason text, row_count bigint, amount_minor bigint
    )
    """,
)
BUILT = """
    insert into ops.builds (build_id, holder, from_load_seq, to_load_seq, code_version, status, finished_at)
    values (gen_random_uuid(), 'test', 0, 0, 'v', 'succeeded', clock_timestamp())
"""
COLUMNS = (
    "entry_key, line_ref, entity, source_system, source_id, rule, rule_version, original_period, booked_on,"
    " customer_id, invoice_id, invoice_line_id, account, currency, amount_minor, functional_currency, functional_minor"
)
ACCOUNTS = ("accounts_receivable", "deferred_revenue", "revenue", "cash", "fees", "tax_payable", "refunds")
Fact = tuple[Any, ...]


def compare() -> None:
    """Compare all facts with all lines, as a build does after it made the facts anew."""
    with connect("transformer") as transformer:
        transformer.execute("delete from intermediate.int_ledger__unposted")
        transformer.execute(f"insert into intermediate.int_ledger__unposted {_model('int_ledger__unposted')}".encode())


def _model(name: str) -> str:
    """The query of a model over this warehouse."""
    return model_query(
        name, ref=lambda model: f"intermediate.{model}", source=lambda schema, table: f"{schema}.{table}"
    )


def prepare(entity: str = "main", accounts: Sequence[str] = ACCOUNTS, valid_from: str = "2026-01-01") -> None:
    """A built warehouse without facts: their table, the difference model, the gates; and GL accounts."""
    with connect("transformer") as transformer:
        transformer.execute(ENTRIES)
        for statement in GATES:
            transformer.execute(statement)
        with (PROJECT / "seeds" / "recon_gates.csv").open("rb") as seed:
            copy = "copy reconciliation.recon_gates from stdin with (format csv, header true)"
            with transformer.cursor().copy(copy) as target:
                target.write(seed.read())
        transformer.execute(BUILT)
        unposted, differences = (_model(f"int_ledger__{name}") for name in ("unposted", "differences"))
        transformer.execute(f"create table intermediate.int_ledger__unposted as {unposted}".encode())
        transformer.execute(f"create view intermediate.int_ledger__differences as {differences}".encode())
    map_accounts(entity, accounts, valid_from)


def map_accounts(entity: str = "main", accounts: Sequence[str] = ACCOUNTS, valid_from: str = "2026-01-01") -> None:
    """GL accounts 1000, 1001 ... in the order given."""
    with connect("closer") as closer:
        for number, account in enumerate(accounts, start=1000):
            closer.execute(
                "insert into ledger.account_mappings (entity, account, valid_from, gl_account, gl_name, added_by)"
                " values (%s, %s, %s, %s, %s, 'test')",
                (entity, account, valid_from, str(number), account),
            )


def fact(
    source_id: str,
    amount: int,
    *,
    month: str = "2026-03",
    debit: str = "accounts_receivable",
    credit: str = "deferred_revenue",
    rule: str = "invoice",
    currency: str = "usd",
    customer: str | None = "acct_1",
    entity: str = "main",
    functional: int | None = None,
) -> list[Fact]:
    """Two lines of one entry: a debit and a credit of ``amount``, and of ``functional`` in euro (default: the same)."""
    first = date.fromisoformat(f"{month}-01")
    key = f"stripe|{source_id}|{rule}|1|{month}"
    euro = amount if functional is None else functional
    about = (key, "", entity, "stripe", source_id, rule, 1, first, first, customer, source_id, None)
    return [
        (*about, account, currency, sign * amount, "eur", sign * euro) for account, sign in ((debit, 1), (credit, -1))
    ]


def say(*facts: Sequence[Fact]) -> None:
    """Make these the facts, all of them: what the rules say from now on."""
    rows = [row for one in facts for row in one]
    with connect("transformer") as transformer:
        transformer.execute("delete from intermediate.int_ledger__entries")
        with transformer.cursor() as cursor:
            places = sql.SQL(", ").join([sql.Placeholder()] * len(COLUMNS.split(",")))
            cursor.executemany(
                sql.SQL("insert into intermediate.int_ledger__entries ({}) values ({})").format(
                    sql.SQL(COLUMNS), places
                ),
                rows,
            )
    compare()


def differences_of_everything() -> str:
    """What to post as a query that reads all facts and all lines, whatever was compared before."""
    macro = "{{ ledger_differences('intermediate.int_ledger__entries', 'ledger.journal_lines') }}"
    return f"select * from {expression(macro)} as differences"


TOTALS = """
    select original_period, account, currency, sum(amount_minor)::bigint, sum(functional_minor)::bigint
    from ledger.journal_lines
    group by 1, 2, 3
    having sum(amount_minor) <> 0 or sum(functional_minor) <> 0
    order by 1, 2, 3
"""


def rows(query: str, *parameters: Any) -> list[tuple[Any, ...]]:
    """Rows of a query, as the auditor sees them."""
    with connect("auditor") as auditor:
        return auditor.execute(query.encode(), parameters).fetchall()


def month(text: str) -> date:
    """``2026-03`` as the date of its first day."""
    return date.fromisoformat(f"{text}-01")


@contextlib.contextmanager
def tampering(url: str) -> Iterator[psycopg.Connection[Any]]:
    """What only a superuser can do: the rules of the journal are off while it changes something."""
    with psycopg.connect(url, autocommit=True) as superuser:
        for table in ("journal_lines", "period_events"):
            superuser.execute(f"alter table ledger.{table} disable trigger all")
        try:
            yield superuser
        finally:
            for table in ("journal_lines", "period_events"):
                superuser.execute(f"alter table ledger.{table} enable always trigger stays_as_it_is")
