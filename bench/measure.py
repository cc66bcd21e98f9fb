"""The measurements of the usage chain. Each gives rows of the table: what, ours, the yardstick, their ratio."""

import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import psycopg

from bench import scratch, world
from ingestion.delivery import Status
from ingestion.landing import load_landing
from orchestration import dbt_process
from orchestration.build import BuildFailed, build, building

CHAIN = ("+fct_usage_daily",)
BY_HAND = "bench_by_hand"
# The usage chain's answer in one statement: deduplicate, take the account's zone, sum by account, meter and local day.
ONE_STATEMENT = f"""
    create unlogged table {BY_HAND} as
    select
        e.subject as account_id,
        m.payload ->> 'meter_code' as meter_code,
        cast(e.occurred_at at time zone (a.payload ->> 'timezone') as date) as usage_on,
        sum(e.quantity) as quantity,
        count(*) as event_count
    from (
        select *, row_number() over (partition by source, event_id order by delivered_on, line_no) as copy_no
        from raw.usage__events
    ) as e
    inner join raw.catalog__meters as m on m.payload ->> 'event_type' = e.event_type
    inner join raw.control_plane__accounts as a on a.record_id = e.subject
    where e.copy_no = 1
    group by 1, 2, 3
"""
DIFFERENT = f"""
    select count(*)
    from (select account_id, meter_code, usage_on, quantity from marts.fct_usage_daily) as ours
    full join {BY_HAND} as theirs using (account_id, meter_code, usage_on)
    where ours.quantity is distinct from theirs.quantity
"""


@dataclass(frozen=True)
class Row:
    """One line of the result: seconds of tieout and of its yardstick (None where there is none), and a remark."""

    what: str
    ours: float
    yardstick: float | None = None
    remark: str = ""

    @property
    def ratio(self) -> float | None:
        """Ours in units of the yardstick."""
        return None if self.yardstick is None else self.ours / self.yardstick


def seconds(action: Callable[[], object]) -> float:
    """How long one call takes by the wall clock."""
    started = time.perf_counter()
    action()
    return time.perf_counter() - started


def chain_against_one_statement(url: str, events: int) -> Row:
    """A full build of the usage chain, against the same answer hand-written in one statement; both must agree."""
    models: list[float] = []
    ours = seconds(lambda: models.append(run_chain(full_refresh=True)))
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute("set timezone to 'UTC'")
        connection.execute("vacuum analyze raw.usage__events")
        theirs = seconds(lambda: connection.execute(ONE_STATEMENT))
        (different,) = connection.execute(DIFFERENT).fetchone() or (None,)
        connection.execute(f"drop table {BY_HAND}")
    if different != 0:
        raise RuntimeError(f"the usage chain and the hand-written statement differ in {different} rows")
    remark = (
        f"the same aggregate hand-written in one SQL statement; of ours {models[0]:.1f} s are the models, on 2 threads"
    )
    return Row(f"usage chain, {events:,} events", ours, theirs, remark)


@dataclass(frozen=True)
class Day:
    """Seconds of one more day: loading it, bringing the usage chain up to date, and of that the models' own time."""

    load: float
    chain: float
    models: float

    @property
    def total(self) -> float:
        """Load and chain."""
        return self.load + self.chain


def settle(url: str) -> None:
    """Do at once what Postgres does in the background after a bulk load, so that no measurement runs beside it."""
    scratch.psql(url, "vacuum (analyze)")
    scratch.psql(url, "checkpoint")


def new_day(landing: Path, number: int, events: int) -> Day:
    """Load one more day of usage and bring the usage chain up to date."""
    world.write_day(landing, number, events)
    load = seconds(lambda: load_days(landing, number, number + 1))
    models: list[float] = []
    chain = seconds(lambda: models.append(run_chain()))
    return Day(load, chain, *models)


def nothing_new() -> tuple[float, float]:
    """Seconds of the usage chain and of a whole build (every model and test) when no load has come."""
    run_chain()
    build(holder="bench")
    return seconds(run_chain), seconds(lambda: build(holder="bench"))


def load_reference(landing: Path) -> None:
    """Load the meter and the accounts."""
    load_landing(landing, systems=["catalog", "control_plane"])


def load_days(landing: Path, start: int, end: int, status: Status = "loaded") -> None:
    """Load the days [start, end). Raises RuntimeError when a file was not accepted whole, or has another status."""
    first, last = (date.fromordinal(world.FIRST_DAY.toordinal() + 1 + day) for day in (start, end))
    for result in load_landing(landing, systems=["usage"], start=first, end=last):
        if result.status != status or result.accepted != result.rows_in:
            raise RuntimeError(f"{result.file} of {result.delivered_on} was not accepted whole: {result}")


def run_chain(*, full_refresh: bool = False) -> float:
    """Build the usage chain alone, as a whole build does: one writer, one row in ops.builds, one dbt process.

    Returns the seconds spent in the models, without starting dbt and reading the project.
    """
    with building("bench", full_refresh=full_refresh):
        outcome = dbt_process.run(dbt_process.arguments("run", full_refresh=full_refresh, select=CHAIN))
        if not outcome.succeeded:
            raise BuildFailed("\n".join(outcome.failures))
    return sum(result.seconds for result in outcome.results)
