"""A month-end run on a long history against one on a short history, with the same facts a month.

One warehouse, one history: some months are closed, and closing the next one is measured; then more are closed, and
closing the next one is measured again. What is measured is `tieout close run`: find and post what is due, ask the
gates, lock the month, then build and test what shows the books. What builds do before it is measured on its own: they
make all entries anew and compare them with the journal, so their cost grows with the history.

Invoices, lines, payments and processor bookings are written into the models of billing and cash; everything below
them is built by dbt. The measured months also bring facts that are late: refunds of a month that is closed.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date

from psycopg import sql

from bench import measure
from bench.scratch import Database
from orchestration import dbt_process
from orchestration.build import BuildFailed, building
from orchestration.close import accounts, closing
from warehouse.connection import connect

FEW_MONTHS, MANY_MONTHS = 3, 24
LIMIT = 1.3
FIRST_MONTH = date(2024, 1, 1)
WHO, APPROVER = "bench", "bench approver"
# Nothing is delivered here and no ERP answers, so these gates stay open; every other gate is asked and has to pass.
WAIVABLE = ("inputs", "transfer", "reproduction")
# Everything that is built of the books, and what it is built of; empty at first.
ALL_MODELS = ("@source:ledger", "recon_gates")
WRITTEN = (
    "int_billing__invoices",
    "int_billing__invoice_lines",
    "int_cash__payments",
    "int_cash__balance_transactions",
)
BELOW_WRITTEN = tuple(f"{written}+" for written in WRITTEN)
INVOICES = """
    create function intermediate.bench_invoices(first_month date, months integer, a_month integer)
    returns table (
        invoice_id text, line_id text, payment_id text, account_id text, invoice_on date, net_minor bigint,
        tax_minor bigint, paid_on date, refunded_on date
    )
    language sql as $$
        select
            'in_' || month_no || '_' || n, 'il_' || month_no || '_' || n, 'py_' || month_no || '_' || n,
            'acc_' || n % 1000, invoice_on, net_minor, net_minor * 19 / 100,
            case when n % 10 > 0 then invoice_on + 10 end,
            case when n % 50 = 1 then invoice_on + 12 end
        from generate_series(0, months - 1) as month_no
        cross join generate_series(1, a_month) as n
        cross join lateral (
            select
                cast(first_month + month_no * interval '1 month' as date) + cast(n % 28 as integer) as invoice_on,
                cast(10000 + n * 7919 % 9973 as bigint) as net_minor
        ) as invoices
    $$
"""
# What came to pass in [from, until): invoices of it, and payments and refunds of it, also of earlier invoices.
FACTS = (
    """
    insert into intermediate.int_billing__invoices (
        billing_system, invoice_id, account_id, customer_id, status, is_billed, is_open, is_closed, invoice_on, due_on,
        currency, subtotal_minor, discount_minor, tax_minor, total_minor, credited_minor, balance_applied_minor,
        amount_due_minor
    )
    select
        'stripe', invoice_id, account_id, account_id, 'open', true, true, false, invoice_on, invoice_on + 30, 'usd',
        net_minor, 0, tax_minor, net_minor + tax_minor, 0, 0, net_minor + tax_minor
    from intermediate.bench_invoices(%(start)s, %(months)s, %(a_month)s)
    where invoice_on >= %(from)s and invoice_on < %(until)s
    """,
    """
    insert into intermediate.int_billing__invoice_lines (
        charge_key, billing_system, invoice_line_id, invoice_id, account_id, line_kind, period_start, period_end,
        quantity, unit_amount_minor, gross_minor, discount_minor, net_minor, tax_minor, currency, invoice_status,
        is_billed, invoice_on
    )
    select
        line_id, 'stripe', line_id, invoice_id, account_id, 'recurring',
        cast(invoice_on as timestamp) at time zone 'UTC',
        (cast(invoice_on as timestamp) + interval '1 month') at time zone 'UTC',
        1, net_minor, net_minor, 0, net_minor, tax_minor, 'usd', 'open', true, invoice_on
    from intermediate.bench_invoices(%(start)s, %(months)s, %(a_month)s)
    where invoice_on >= %(from)s and invoice_on < %(until)s
    """,
    """
    with invoices as (
        select * from intermediate.bench_invoices(%(start)s, %(months)s, %(a_month)s)
    ),

    moves as (
        select
            payment_id, 'payment' as kind, 'charge' as transaction_type, invoice_id, account_id, paid_on as moved_on,
            net_minor + tax_minor as amount_minor, (net_minor + tax_minor) * 29 / 1000 as fee_minor
        from invoices
        where paid_on >= %(from)s and paid_on < %(until)s
        union all
        select
            're_' || payment_id, 'refund', 'refund', invoice_id, account_id, refunded_on, -(net_minor + tax_minor), 0
        from invoices
        where refunded_on >= %(from)s and refunded_on < %(until)s
        union all
        -- known only now: refunds of the month before, which is closed
        (
            select 'late_' || payment_id, 'refund', 'refund', invoice_id, account_id, %(from)s::date - 1, -5000, 0
            from invoices
            where paid_on < %(from)s::date - 1 and refunded_on is null
            order by paid_on desc, invoice_id
            limit %(late_facts)s
        )
    ),

    transactions as (
        insert into intermediate.int_cash__balance_transactions (
            balance_transaction_id, transaction_type, source_id, currency, amount_minor, fee_minor, net_minor, status,
            created_at, available_on
        )
        select
            'txn_' || payment_id, transaction_type, payment_id, 'usd', amount_minor, fee_minor,
            amount_minor - fee_minor, 'available', cast(moved_on as timestamp) at time zone 'UTC', moved_on
        from moves
    )

    insert into intermediate.int_cash__payments (
        payment_id, billing_system, kind, invoice_id, account_id, customer_id, currency, amount_minor, paid_at, status,
        balance_transaction_id
    )
    select
        payment_id, 'stripe', kind, invoice_id, account_id, account_id, 'usd', amount_minor,
        cast(moved_on as timestamp) at time zone 'UTC', 'succeeded', 'txn_' || payment_id
    from moves
    """,
)


@dataclass(frozen=True)
class MonthEnd:
    """Seconds of a month-end run: the close itself, and the models and tests after it, with and without dbt's start."""

    closed_months: int
    a_month: int
    posted_lines: int
    close: float
    models: float
    refresh: float
    build: float

    @property
    def total(self) -> float:
        """What `tieout close run` takes."""
        return self.close + self.refresh

    def line(self) -> str:
        """A row of the page's table."""
        return (
            f"| {self.closed_months} months, {self.closed_months * self.a_month:,} invoices | {self.posted_lines:,} | "
            f"{self.close:.2f} | {self.models:.2f} | {self.total:.2f} | {self.build:.2f} |"
        )


def measured(database: Database, a_month: int) -> Iterator[MonthEnd]:
    """Close month after month of `a_month` invoices each; gives the measured ones."""
    with database("bench_month_end") as url:
        _run_dbt(ALL_MODELS)
        accounts.add("main", accounts.read(accounts.STANDARD), WHO)
        with connect("transformer") as connection:
            connection.execute(INVOICES)
        closed = 0
        for months in (FEW_MONTHS, MANY_MONTHS):
            _bring(closed, months, a_month)
            _run_dbt(BELOW_WRITTEN, exclude=WRITTEN)
            for number in range(closed, months):
                _close(number, _waivers(number))
            _bring(months, months + 1, a_month, late_facts=a_month // 50)
            build_seconds = _run_dbt(BELOW_WRITTEN, exclude=WRITTEN)
            # the tables that show the books as they stand, as after the close before
            _refresh()
            measure.settle(url)
            yield _month_end(months, a_month, build_seconds)
            closed = months + 1


def page(found: list[MonthEnd]) -> list[str]:
    """Lines of the page."""
    few, many = found
    pairs = ((many.close, few.close), (many.models, few.models), (many.total, few.total), (many.build, few.build))
    ratios = [f"{of_many / of_few:.2f}" for of_many, of_few in pairs]
    return [
        f"Closing one month of {many.a_month:,} invoices, with a few late refunds of the months before.",
        "",
        "| closed before | lines posted | close, s | models and tests, s | in all, s | build before, s |",
        "|---|---:|---:|---:|---:|---:|",
        *(one.line() for one in found),
        f"| ratio | | {' | '.join(ratios)} |",
        "",
        f"In all, a close on {many.closed_months} months may take {LIMIT} times as long as on {few.closed_months}. It",
        "finds what is due, posts it, asks the gates and locks the month; then dbt builds what shows the books,",
        "and tests it (models and tests: added up over its 2 threads). The build before makes every entry of the",
        "history anew; it has no limit here.",
    ]


def missed(found: list[MonthEnd]) -> list[str]:
    """What takes more than it may."""
    few, many = found
    ratio = many.total / few.total
    if ratio <= LIMIT:
        return []
    return [f"closing a month takes {ratio:.2f} times as long on {many.closed_months} months as on {few.closed_months}"]


def _month_end(closed_months: int, a_month: int, build_seconds: float) -> MonthEnd:
    waivers = _waivers(closed_months)
    closed: list[closing.Closed] = []
    close = measure.seconds(lambda: closed.append(_close(closed_months, waivers)))
    models: list[float] = []
    refresh = measure.seconds(lambda: models.append(_refresh()))
    lines = sum(month.lines for month in closed[0].posted)
    return MonthEnd(closed_months, a_month, lines, close, models[0], refresh, build_seconds)


def _waivers(number: int) -> dict[str, str]:
    """The gates that a benchmark leaves open. Raises RuntimeError when another is."""
    gates = closing.plan("main", _month(number)).open_gates
    unexpected = [f"{gate.name}: {gate.reasons[:3]}" for gate in gates if gate.name not in WAIVABLE]
    if unexpected:
        raise RuntimeError("\n".join(unexpected))
    return {gate.name: "there are no deliveries in a benchmark" for gate in gates}


def _close(number: int, waivers: dict[str, str]) -> closing.Closed:
    return closing.close_month("main", _month(number), WHO, APPROVER, waivers)


def _month(number: int) -> date:
    return date(FIRST_MONTH.year + number // 12, number % 12 + 1, 1)


def _bring(first: int, end: int, a_month: int, *, late_facts: int = 0) -> None:
    asked = {
        "start": FIRST_MONTH,
        "months": end,
        "a_month": a_month,
        "from": _month(first),
        "until": _month(end),
        "late_facts": late_facts,
    }
    with connect("transformer") as connection:
        for statement in FACTS:
            connection.execute(statement, asked)
        for table in WRITTEN:
            connection.execute(sql.SQL("analyze {}").format(sql.Identifier("intermediate", table)))


def _refresh() -> float:
    """Build and test what shows the books, as `tieout close run` does; the seconds of models and tests."""
    with building("bench", partial=True):
        return _outcome([closing.BOOKS_AND_BELOW], closing.COMPARED_BY_BUILDS, tests=True)


def _run_dbt(select: Sequence[str], exclude: Sequence[str] = ()) -> float:
    with building("bench", partial=True):
        return _outcome(select, exclude, tests=False)


def _outcome(select: Sequence[str], exclude: Sequence[str], *, tests: bool) -> float:
    outcome = dbt_process.run(dbt_process.arguments("build", select=select, exclude=exclude, tests=tests))
    if not outcome.succeeded:
        raise BuildFailed("\n".join(outcome.failures))
    return sum(result.seconds for result in outcome.results)
