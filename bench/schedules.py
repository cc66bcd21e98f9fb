"""Schedules, journal and roll-forwards: the production macros against hand-written SQL of the same.

Lines over two years, ten to an invoice, each earned by days; every invoice is paid. Three steps, each a table: the
months of every line, the entries of the journal, and the balances of every account month by month. The macros are
compiled by dbt and composed as their models compose them. A hand-written step is one statement over the hand-written
tables before it; the rows of both must be equal before the time counts.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

import psycopg

from bench import measure
from bench.rating import compiled
from bench.scratch import Database

MONTHS = 24
LINES_OF_INVOICE = 10
MOST_OF_BY_HAND = 2.0
WORLD = f"""
    create schema bench;
    create table bench.lines as
    select
        'line_' || n as line_id, n * 7919 % 1000003 as amount_minor,
        date '2024-01-01' + cast(n % 365 as integer) as service_start_on,
        cast(date '2024-01-01' + cast(n % 365 as integer) + interval '{MONTHS} months' as date) as service_end_on,
        cast(null as timestamp with time zone) as service_start_at,
        cast(null as timestamp with time zone) as service_end_at,
        cast(null as integer) as term_months, 'daily' as granularity, 'largest_remainder' as leftover_units
    from generate_series(1, cast({{lines}} as bigint)) as n;
    create table bench.invoice_lines as
    select
        'in_' || (n - 1) / {LINES_OF_INVOICE} as invoice_id, 'line_' || n as line_id,
        (n - 1) % {LINES_OF_INVOICE} + 1 as line_no,
        date '2024-01-01' + cast(((n - 1) / {LINES_OF_INVOICE}) % 365 as integer) as billed_on,
        n * 7919 % 1000003 as amount, n * 7919 % 1000003 * 19 / 100 as tax, cast(null as date) as dated_on,
        false as accrues, false as accrues_in_own_month
    from generate_series(1, cast({{lines}} as bigint)) as n;
    create table bench.invoices as
    select
        invoice_id, billed_on, cast(sum(amount) as bigint) as net, cast(sum(tax) as bigint) as tax,
        cast(0 as bigint) as balance_applied
    from bench.invoice_lines
    group by invoice_id, billed_on;
    create table bench.events as
    select
        'py_' || invoice_id as event_id, invoice_id, 'payment' as event_type, billed_on + 10 as event_on,
        cast(1 as bigint) as event_no, net + tax as amount, (net + tax) * 29 / 1000 as fee, cast(0 as bigint) as refund,
        cast(0 as bigint) as to_balance, cast(0 as bigint) as out_of_band, false as is_out_of_band,
        false as is_reinstated, cast(null as text) as reverses_event_id
    from bench.invoices;
    vacuum analyze bench.lines;
    vacuum analyze bench.invoice_lines;
    vacuum analyze bench.invoices;
    vacuum analyze bench.events
"""
PLAN = (
    "(select line_id, earned_from_on as from_on, earned_until_on as until_on, cast(amount_minor as bigint) as amount"
    " from bench.months)"
)
MOVEMENTS = """
    select
        {{ month_start('booked_on') }} as month_on, rule, account,
        case when amount > 0 then 'debit' else 'credit' end as side, cast(sum(amount) as bigint) as amount_minor
    from bench.entries
    group by {{ month_start('booked_on') }}, rule, account, case when amount > 0 then 'debit' else 'credit' end
"""
ROLLED = """
    {{ rollforward_of(
        'bench.movements',
        causes={'billed': "rule = 'invoice'", 'recognised': "rule = 'schedule'", 'paid': "rule = 'payment'"},
        keys=['account'],
        measures={'amount_minor': '*_minor'}
    ) }}
"""
SAME_MONTHS = """
    select count(*) from bench.months full join bench.by_hand_months using (line_id, month_on)
    where
        months.amount_minor is distinct from by_hand_months.amount_minor
        or months.earned_from_on is distinct from by_hand_months.earned_from_on
"""
# Amounts weighed with what they belong to, so that one in a wrong place is not made up for by another.
ENTRIES_BY_DAY = """
    select
        account, rule, booked_on, count(*) as row_count,
        sum(amount * hashtext(source_id)) + sum(amount * hashtext(line_id)) as weighed
"""
SAME_ENTRIES = f"""
    select count(*)
    from ({ENTRIES_BY_DAY} from bench.entries group by account, rule, booked_on) as ours
    full join ({ENTRIES_BY_DAY} from bench.by_hand_entries group by account, rule, booked_on) as by_hand
        using (account, rule, booked_on)
    where ours.row_count is distinct from by_hand.row_count or ours.weighed is distinct from by_hand.weighed
"""
SAME_BALANCES = """
    select count(*) from (
        (select * from bench.rolled except all select * from bench.by_hand_rolled)
        union all
        (select * from bench.by_hand_rolled except all select * from bench.rolled)
    ) as different
"""


@dataclass(frozen=True)
class Step:
    """What production writes, table by table (Jinja), the same by hand (SQL), and a count of what differs.

    The last table of production is called `name`, the other one by_hand_<name>; rows are those of `counted`.
    """

    what: str
    name: str
    ours: Sequence[tuple[str, str]]
    by_hand: str
    different: str
    counted: str


STEPS = (
    Step(
        "schedules: months of lines",
        "months",
        [("months", "{{ schedule_months('bench.lines') }}")],
        """
        select
            line_id, month_on, greatest(month_on, service_start_on) as earned_from_on, earned_until_on,
            whole_units + case
                when row_number() over (partition by line_id order by rest desc, month_on)
                    <= amount_minor - sum(whole_units) over (partition by line_id) then 1
                else 0
            end as amount_minor
        from (
            select
                line_id, amount_minor, month_on, service_start_on, earned_until_on,
                amount_minor * month_days / line_days as whole_units, amount_minor * month_days % line_days as rest
            from (
                select
                    line_id, amount_minor, cast(month_at as date) as month_on, service_start_on,
                    least(cast(month_at + interval '1 month' as date), service_end_on) as earned_until_on,
                    service_end_on - service_start_on as line_days,
                    least(cast(month_at + interval '1 month' as date), service_end_on)
                    - greatest(cast(month_at as date), service_start_on) as month_days
                from bench.lines
                cross join lateral generate_series(
                    date_trunc('month', cast(service_start_on as timestamp)),
                    cast(service_end_on as timestamp) - interval '1 day', interval '1 month'
                ) as months (month_at)
            ) as days
        ) as shares
        """,
        SAME_MONTHS,
        "months",
    ),
    Step(
        "journal: entries of invoices, months and payments",
        "entries",
        [
            ("pieces", f"{{{{ plan_pieces({PLAN!r}, 'bench.invoice_lines') }}}}"),
            ("entries", "{{ subledger('bench.invoice_lines', 'bench.pieces', 'bench.invoices', 'bench.events') }}"),
        ],
        """
        select
            invoice_id as source_id, 'invoice' as rule, billed_on as booked_on, invoice_id, null as line_id,
            account, amount
        from bench.invoices
        cross join lateral (
            values ('accounts_receivable', net + tax), ('tax_payable', -tax)
        ) as booked (account, amount)
        where amount <> 0
        union all
        select invoice_id, 'invoice', billed_on, invoice_id, line_id, 'deferred_revenue', -amount
        from bench.invoice_lines
        where amount <> 0
        union all
        select
            months.line_id, 'schedule', min(greatest(months.earned_from_on, lines.billed_on)), lines.invoice_id,
            months.line_id, account, case account when 'revenue' then -1 else 1 end * sum(months.amount_minor)
        from bench.by_hand_months as months
        inner join bench.invoice_lines as lines on months.line_id = lines.line_id
        cross join (values ('deferred_revenue'), ('revenue')) as accounts (account)
        group by
            lines.invoice_id, months.line_id, date_trunc('month', greatest(months.earned_from_on, lines.billed_on)),
            account
        having sum(months.amount_minor) <> 0
        union all
        select event_id, 'payment', event_on, invoice_id, null, account, booked.amount
        from bench.events
        cross join lateral (
            values ('cash', events.amount - fee), ('fees', fee), ('accounts_receivable', -events.amount)
        ) as booked (account, amount)
        where booked.amount <> 0
        """,
        SAME_ENTRIES,
        "entries",
    ),
    Step(
        "roll-forwards of every account and month",
        "rolled",
        [("movements", MOVEMENTS), ("rolled", ROLLED)],
        """
        select
            account, month_on, sum(moved) over months - moved as opening_minor, billed as billed_minor,
            recognised as recognised_minor, paid as paid_minor, moved - billed - recognised - paid as adjusted_minor,
            sum(moved) over months as closing_minor
        from (
            select
                account, cast(date_trunc('month', booked_on) as date) as month_on, sum(amount) as moved,
                coalesce(sum(amount) filter (where rule = 'invoice'), 0) as billed,
                coalesce(sum(amount) filter (where rule = 'schedule'), 0) as recognised,
                coalesce(sum(amount) filter (where rule = 'payment'), 0) as paid
            from bench.by_hand_entries
            group by 1, 2
        ) as by_month
        window months as (partition by account order by month_on)
        """,
        SAME_BALANCES,
        "entries",
    ),
)


@dataclass(frozen=True)
class Schedules:
    """Seconds of the macros and of the hand-written statement for one step, and the rows it is about."""

    what: str
    rows: int
    ours: float
    by_hand: float

    def line(self) -> str:
        """A row of the page's table."""
        return (
            f"| {self.what} | {self.rows:,} | {self.ours:.2f} | {self.rows / self.ours:,.0f} | {self.by_hand:.2f} | "
            f"{self.ours / self.by_hand:.2f} |"
        )

    def missed(self) -> list[str]:
        """What takes more than it may."""
        if self.ours <= MOST_OF_BY_HAND * self.by_hand:
            return []
        return [f"{self.what}: {self.ours / self.by_hand:.2f} times as long as by hand"]


def measured(database: Database, lines: int) -> Iterator[Schedules]:
    """The steps over `lines` lines, and all of them. Raises RuntimeError when rows differ."""
    with database("bench_schedules") as url, psycopg.connect(url, autocommit=True) as connection:
        connection.execute("set timezone to 'UTC'")
        _execute(connection, WORLD.format(lines=lines))
        found = [_step(connection, step) for step in STEPS]
        yield from found
        what = f"all of it, {lines:,} lines over {MONTHS} months"
        yield Schedules(what, found[-1].rows, sum(one.ours for one in found), sum(one.by_hand for one in found))


def page(found: list[Schedules]) -> list[str]:
    """Lines of the page."""
    return [
        "| what | rows | tieout, s | rows/s | by hand, s | ratio |",
        "|---|---:|---:|---:|---:|---:|",
        *(one.line() for one in found),
        "",
        "The macros of production, compiled by dbt, and one hand-written statement a step; each step reads the",
        f"tables of the one before, and both give the same. Ours may take {MOST_OF_BY_HAND:.0f} times as long: its",
        "macros count in exact decimals and know every granularity, event and accrual; by hand it is 64-bit",
        "integers and days. Rows of the roll-forwards are the entries that they add up.",
    ]


def _step(connection: psycopg.Connection[Any], step: Step) -> Schedules:
    queries = [(table, compiled(inline)) for table, inline in step.ours]
    ours = sum(_written(connection, table, query) for table, query in queries)
    by_hand = _written(connection, f"by_hand_{step.name}", step.by_hand)
    _check(connection, step)
    (rows,) = connection.execute(f"select count(*) from bench.{step.counted}".encode()).fetchone() or (0,)
    return Schedules(step.what, rows, ours, by_hand)


def _written(connection: psycopg.Connection[Any], table: str, query: str) -> float:
    """Seconds of writing a table; its statistics are gathered after that, for what reads it."""
    statement = f"create unlogged table bench.{table} as {query}".encode()
    taken = measure.seconds(partial(connection.execute, statement))
    _execute(connection, f"analyze bench.{table}")
    return taken


def _check(connection: psycopg.Connection[Any], step: Step) -> None:
    (different,) = connection.execute(step.different.encode()).fetchone() or (None,)
    if different != 0:
        raise RuntimeError(f"{step.what}: {different} rows differ from the hand-written statement's")


def _execute(connection: psycopg.Connection[Any], statements: str) -> None:
    for statement in statements.split(";"):
        connection.execute(statement.encode())
