"""Revenue schedules: the production macro against one hand-written statement of the same explosion.

Both get the same lines, each earned by days over two years, and write one table of a row a line and month; their rows
must be equal before the time counts. The macro is compiled by dbt, as `int_revenue__straight_line_months` calls it.
"""

import statistics
from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial

import psycopg

from bench import measure
from bench.rating import compiled
from bench.scratch import Database

MONTHS = 24
LINES = f"""
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
    vacuum analyze bench.lines
"""
OURS = "select line_id, month_on, amount_minor from ({{ schedule_months('bench.lines') }}) as months"
BY_HAND = """
    select
        line_id, month_on,
        whole_units + case
            when row_number() over (partition by line_id order by rest desc, month_on)
                <= amount_minor - sum(whole_units) over (partition by line_id) then 1
            else 0
        end as amount_minor
    from (
        select
            line_id, amount_minor, month_on, amount_minor * month_days / line_days as whole_units,
            amount_minor * month_days % line_days as rest
        from (
            select
                line_id, amount_minor, cast(month_at as date) as month_on,
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
"""
DIFFERENT = """
    select count(*) from bench.ours full join bench.by_hand using (line_id, month_on)
    where ours.amount_minor is distinct from by_hand.amount_minor
"""


@dataclass(frozen=True)
class Schedules:
    """Seconds of the macro and of one hand-written statement over the same lines."""

    lines: int
    rows: int
    ours: float
    by_hand: float

    def line(self) -> str:
        """A row of the page's table."""
        return (
            f"| {self.lines:,} lines over {MONTHS} months | {self.rows:,} | {self.ours:.2f} | "
            f"{self.rows / self.ours:,.0f} | {self.by_hand:.2f} | {self.ours / self.by_hand:.2f} |"
        )


def measured(database: Database, lines: int, repeats: int) -> Iterator[Schedules]:
    """The measurement over `lines` lines, each time the median of `repeats`. Raises RuntimeError when rows differ."""
    with database("bench_schedules") as url, psycopg.connect(url, autocommit=True) as connection:
        ours = compiled(OURS)
        connection.execute("set timezone to 'UTC'")
        for statement in LINES.format(lines=lines).split(";"):
            connection.execute(statement)
        times = []
        for _ in range(repeats):
            connection.execute("drop table if exists bench.ours, bench.by_hand")
            times.append(
                [
                    measure.seconds(partial(connection.execute, f"create unlogged table bench.{name} as {statement}"))
                    for name, statement in (("ours", ours), ("by_hand", BY_HAND))
                ]
            )
        (different,) = connection.execute(DIFFERENT).fetchone() or (None,)
        if different != 0:
            raise RuntimeError(f"the schedules and the hand-written statement differ in {different} rows")
        (rows,) = connection.execute("select count(*) from bench.ours").fetchone() or (0,)
        yield Schedules(lines, rows, *(statistics.median(values) for values in zip(*times, strict=True)))


def page(found: list[Schedules]) -> list[str]:
    """Lines of the page."""
    return [
        "| what | rows written | tieout, s | rows/s | one hand-written statement, s | ratio |",
        "|---|---:|---:|---:|---:|---:|",
        *(one.line() for one in found),
        "",
        "The macro of production, compiled by dbt, and the hand-written statement each write a table of equal rows.",
        "The macro counts in exact decimals and knows every granularity, the statement in 64-bit integers and days.",
    ]
