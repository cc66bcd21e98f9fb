"""The lake lane against one hand-written statement and against Postgres alone: processor seconds, growth and memory.

The events are made by DuckDB where the loader would have put them, in the lake and in Postgres, with the rows that a
load leaves in `ops`; what loading costs is measured in its own part. One event in a hundred is a repetition of the day
before, one in a hundred comes a day late.
"""

from __future__ import annotations

import hashlib
import os
import resource
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from uuid import UUID, uuid5

import adbc_driver_postgresql.dbapi as adbc
import duckdb
import psutil
import psycopg
import pyarrow as pa

from bench import measure, scratch, world
from bench.scratch import Database
from expectations.raw_suites import USAGE_EVENTS
from ingestion.lake import FOLDER, lake
from orchestration import dbt_process
from orchestration.build import BuildFailed, building
from orchestration.lake.checks import look
from orchestration.lake.days import Computed, compute, current_plan, take_over

FEW_DAYS, MANY_DAYS = 30, 90
# Of several days, so that one disturbance does not decide.
NEW_DAYS = 3
# How often what is compared with one statement is measured, and how many new days on a short and a long history.
PAIRS, PAIRS_OF_DAYS = 7, 5
# The chain from raw to daily without the tables that lateness and the controls need besides.
TO_DAILY = (
    "stg_usage__events",
    "int_usage__load_days",
    "int_usage__zone_days",
    "int_usage__event_repeats",
    "int_usage__daily_parts",
    "int_usage__daily",
)
MOST_OF_STATEMENT, MOST_OF_POSTGRES, MOST_OF_POSTGRES_STATEMENT, MOST_GROWTH = 1.1, 0.5, 1.2, 1.15
MOST_MEMORY_GB = 6
SPACE = UUID("6f1cf4f2-7d3c-4a55-9c1d-0d6b4a1f6c11")
# Events of one delivery and one UTC day, as the loader writes them; line numbers go on through a delivery.
EVENTS = """
    select
        '{load_id}' as load_id, cast({load_seq} as bigint) as load_seq,
        cast(n + {first_line} as bigint) as line_no, timestamptz '{delivered_on} 01:00:00+00' as known_at,
        '/gateway' as source, '{kind}-{day}-' || n as event_id, 'com.example.api_call' as event_type,
        'acc_' || lpad(cast(n % {accounts} as varchar), 5, '0') as subject,
        timestamptz '{occurred_on} 00:00:00+00' + to_seconds((n * 7919) % 86400) as occurred_at,
        timestamptz '{recorded_on} 00:00:00+00' + to_seconds((n * 7919) % 86400) as recorded_at,
        cast(n % 97 + 1 as decimal(38, 9)) as quantity,
        '{{"region": "r' || (n % 5) || '"}}' as dimensions
    from range({count}) as numbers (n)
"""
LOAD = """
    insert into ops.loads (
        load_id, load_seq, system, object, delivered_on, file_name, content_sha256, size_bytes, rows_in, accepted,
        duplicate, quarantined, late_excluded, code_version, lane
    ) values (%s, %s, 'usage', 'events', %s, 'events.parquet', %s, 1, %s, %s, 0, 0, 0, 'bench', %s)
"""
FILE = """
    insert into ops.lake_files (
        load_id, load_seq, delivered_on, occurred_on, path, row_count, size_bytes, sha256, version, repeats
    ) values (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s)
"""
# The same answer in one statement of DuckDB over the same files, written by hand.
BY_HAND = """
    copy (
        select
            e.subject as account_id,
            cast(e.occurred_at at time zone z.timezone as date) as usage_on,
            sum(e.quantity) as quantity,
            count(*) as event_count
        from (
            select *, row_number() over (partition by source, event_id order by delivered_on, line_no) as copy_no
            from read_parquet('{files}', hive_partitioning = true)
        ) as e
        inner join zones as z on z.account_id = e.subject
        where e.copy_no = 1
        group by 1, 2
    ) to '{answer}' (format parquet)
"""
# Columns in which an answer is compared with it.
ANSWERED = ("account_id", "usage_on", "quantity", "event_count")
CHILD = """
import sys, duckdb
session = duckdb.connect()
session.execute("set timezone = 'UTC'")
session.execute("create table zones as select * from read_parquet(?)", [sys.argv[1]])
session.execute(sys.argv[2])
"""
# A process of its own, so that no other child of this one is taken for the largest; kilobytes become GB.
DAY = """
import resource
from bench.lake import computed
computed(full_refresh=True)
print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1e6)
"""


@dataclass(frozen=True)
class Ratio:
    """Processor seconds of ours and of a yardstick, and how many times as much ours may cost."""

    what: str
    ours: float
    yardstick: float
    most: float
    remark: str = ""

    @property
    def ratio(self) -> float:
        """Ours in units of the yardstick."""
        return self.ours / self.yardstick

    def line(self) -> str:
        """A row of the page's table."""
        return (
            f"| {self.what} | {self.ours:.1f} | {self.yardstick:.1f} | {self.ratio:.2f} | {self.most} | {self.remark} |"
        )

    def missed(self) -> list[str]:
        """What is not reached, in sentences."""
        return [f"{self.what}: {self.ratio:.2f} times the yardstick"] if self.ratio > self.most else []


@dataclass
class Lake:
    """Everything that was measured; processor seconds of a run that finds no new event, and of one day's checks."""

    ratios: list[Ratio] = field(default_factory=list)
    nothing_new: float = 0
    checks: float = 0

    def missed(self) -> list[str]:
        """What is not reached, in sentences."""
        return [sentence for ratio in self.ratios for sentence in ratio.missed()]


@dataclass(frozen=True)
class History:
    """A warehouse with usage of so many days, and the environment that names it as long as it is there."""

    url: str
    place: Path
    days: int
    environment: dict[str, str] = field(default_factory=lambda: dict(os.environ))


@dataclass(frozen=True)
class LargeDay:
    """Peak memory in GB of the processes that compute one UTC day, and the seconds that they take."""

    what: str
    gigabytes: float
    seconds: float

    def line(self) -> str:
        """A row of the page's table."""
        return f"| {self.what} | {self.gigabytes:.1f} | {MOST_MEMORY_GB} | {self.seconds:.0f} |"

    def missed(self) -> list[str]:
        """What is not reached, in sentences."""
        return [f"{self.what} took {self.gigabytes:.1f} GB"] if self.gigabytes >= MOST_MEMORY_GB else []


def page(found: Lake) -> list[str]:
    """The lines of the page's section."""
    return [
        "Processor seconds of client and server together, user and system. What the lane hands to Postgres is compared",
        "with the answer of the hand-written statement. Every figure is whole: starting dbt on two engines and",
        "copying inputs is in it.",
        "",
        *_table(found.ratios),
        "",
        f"The checks of usage events that one day delivered, asked of the lake with {MANY_DAYS} days of history, took",
        f"{found.checks:.1f} CPU s.",
    ]


def _table(ratios: list[Ratio]) -> list[str]:
    return [
        "| what | tieout, CPU s | yardstick, CPU s | ratio | at most | yardstick |",
        "|---|---:|---:|---:|---:|---|",
        *(ratio.line() for ratio in ratios),
    ]


def large_day_page(found: list[LargeDay]) -> list[str]:
    """The lines of the section of ``large_day``."""
    return [
        "| what | peak memory, GB | at most | s |",
        "|---|---:|---:|---:|",
        *(day.line() for day in found),
        "",
        "From nothing to the tables that Postgres takes over. A day is searched whole for repetitions when its largest",
        "file has some of its own, or when the other files have more than a few events.",
    ]


def daily_page(found: Lake) -> list[str]:
    """The lines of the section of ``daily``."""
    return [
        "Processor seconds of client and server together, user and system, of the same files. Ours is whole: starting",
        "dbt on two engines and copying inputs is in it. That alone, a run with nothing new, took",
        f"{found.nothing_new:.1f} s. What Postgres takes over is compared with the statement's answer.",
        "",
        *_table(found.ratios),
    ]


def daily(database: Database, place: Path, events: int) -> Lake:
    """Measure raw to daily on DuckDB alone against the hand-written statement."""
    with lake_of(database, place, MANY_DAYS, events // MANY_DAYS) as url:
        pairs = [
            (cpu(url, lambda: computed(full_refresh=True, models=TO_DAILY)), cpu(url, lambda: by_hand(place)))
            for _ in range(PAIRS)
        ]
        idle: list[Computed] = []
        nothing_new = cpu(url, lambda: idle.append(computed(models=TO_DAILY)))
        take_over(idle[0])
        _compare(url, place)
    ours, statement = (statistics.median(times) for times in zip(*pairs, strict=True))
    each = ", ".join(f"{one / other:.2f}" for one, other in pairs)
    remark = f"one statement on DuckDB; medians of {PAIRS}, one after the other in turns: {each}"
    return Lake([Ratio(f"raw to daily, {events:,} events", ours, statement, MOST_OF_STATEMENT, remark)], nothing_new)


def measured(database: Database, place: Path, events: int) -> Lake:
    """Measure everything else on ``events`` events of MANY_DAYS days."""
    events_a_day = events // MANY_DAYS
    lane, lane_growth, checks = _in_lake(database, place, events_a_day)
    postgres, postgres_growth = _in_postgres(database, place, events_a_day)
    return Lake(
        [
            Ratio(
                f"the lake lane into Postgres, {events:,} events",
                lane,
                postgres["daily"],
                MOST_OF_POSTGRES,
                "the same models in Postgres alone",
            ),
            Ratio(
                f"raw to daily in Postgres, {events:,} events",
                postgres["chain"],
                postgres["statement"],
                MOST_OF_POSTGRES_STATEMENT,
                "one statement in Postgres",
            ),
            lane_growth,
            postgres_growth,
        ],
        checks=checks,
    )


def _in_lake(database: Database, place: Path, events_a_day: int) -> tuple[float, Ratio, float]:
    """Processor seconds of all days in the lake lane, the growth of one more day, and seconds of its checks."""
    with lake_of(database, place / f"{FEW_DAYS}-days", FEW_DAYS, events_a_day) as few_url:
        few = History(few_url, place / f"{FEW_DAYS}-days", FEW_DAYS)
        take_over(computed(full_refresh=True))
        measure.settle(few_url)
        with lake_of(database, place / f"{MANY_DAYS}-days", MANY_DAYS, events_a_day) as url:
            many = History(url, place / f"{MANY_DAYS}-days", MANY_DAYS)
            whole = _told("all days, lake lane", cpu(url, lambda: take_over(computed(full_refresh=True))))
            by_hand(many.place)
            _compare(url, many.place)
            growth = _growth("lake lane", (few, many), events_a_day, deliver, lambda: take_over(computed()))
            checks = _told("checks of the last day", cpu(url, lambda: _check(MANY_DAYS + PAIRS_OF_DAYS)))
    return whole, growth, checks


def _in_postgres(database: Database, place: Path, events_a_day: int) -> tuple[dict[str, float], Ratio]:
    """Processor seconds of all days in Postgres, by what was run, and the growth of one more day."""
    with postgres_of(database, place / f"{FEW_DAYS}-days", FEW_DAYS, events_a_day) as few_url:
        few = History(few_url, place / f"{FEW_DAYS}-days", FEW_DAYS)
        run(_selected(), full_refresh=True)
        measure.settle(few_url)
        with postgres_of(database, place / f"{MANY_DAYS}-days", MANY_DAYS, events_a_day) as url:
            many = History(url, place / f"{MANY_DAYS}-days", MANY_DAYS)
            found = {
                "daily": cpu(url, lambda: run(_selected(), full_refresh=True)),
                "chain": cpu(url, lambda: measure.run_chain(full_refresh=True)),
                "statement": cpu(url, lambda: scratch.psql(url, f"set timezone to 'UTC'; {measure.ONE_STATEMENT}")),
            }
            for what, seconds in found.items():
                _told(f"all days, Postgres, {what}", seconds)
            scratch.psql(url, f"drop table {measure.BY_HAND}")
            growth = _growth("Postgres", (few, many), events_a_day, copy, lambda: run(_selected()))
    return found, growth


def _growth(
    lane: str,
    histories: tuple[History, History],
    events_a_day: int,
    bring: Callable[[str, Path, int, int], None],
    build: Callable[[], object],
) -> Ratio:
    """One more day on the long history against one on the short, in turns: both meet the machine as it is then."""
    took: dict[int, list[float]] = {history.days: [] for history in histories}
    for more in range(PAIRS_OF_DAYS):
        for history in histories:
            with _environment(history.environment):
                bring(history.url, history.place, history.days + more, events_a_day)
                measure.settle(history.url)
                seconds = cpu(history.url, build)
            took[history.days].append(_told(f"one more day on {history.days} days, {lane}", seconds))
    pairs = zip(took[MANY_DAYS], took[FEW_DAYS], strict=True)
    each = ", ".join(f"{many / few:.2f}" for many, few in pairs)
    return Ratio(
        f"one more day on {MANY_DAYS} days of history, {lane}",
        statistics.median(took[MANY_DAYS]),
        statistics.median(took[FEW_DAYS]),
        MOST_GROWTH,
        f"the same on {FEW_DAYS} days; medians of {PAIRS_OF_DAYS}, in turns: {each}",
    )


def _check(days: int) -> None:
    """Look at the last of so many deliveries as a build's checks do. Raises RuntimeError unless every rule passes."""
    delivered_on = world.FIRST_DAY + timedelta(days=days)
    findings = look(USAGE_EVENTS, delivered_on, delivered_on + timedelta(days=1))
    if {found.status for found in findings} != {"passed"}:
        raise RuntimeError(f"the checks of a clean delivery do not pass: {findings}")


@contextmanager
def lake_of(database: Database, place: Path, days: int, events_a_day: int) -> Iterator[str]:
    """A warehouse whose usage of so many days lies in the lake; of the first day it is computed."""
    landing = place / "landing"
    world.write_reference(landing)
    with _lake(place), database(f"bench_lake_{days}") as url:
        measure.load_reference(landing)
        deliver(url, place, 0, events_a_day)
        computed(full_refresh=True)  # dbt has parsed the project for this database now
        for day in range(1, days):
            deliver(url, place, day, events_a_day)
        yield url


@contextmanager
def postgres_of(database: Database, place: Path, days: int, events_a_day: int) -> Iterator[str]:
    """A warehouse that holds the same usage itself; of the first day it is computed."""
    named = {"DBT_TARGET_PATH": str(place / "dbt-postgres")}
    with _environment(named), database(f"bench_postgres_{days}") as url:
        measure.load_reference(place / "landing")
        copy(url, place, 0, events_a_day)
        run(_selected())  # the same
        for day in range(1, days):
            copy(url, place, day, events_a_day)
        measure.settle(url)
        yield url


def _selected() -> list[str]:
    """What Postgres builds to have what the lake lane hands over."""
    return [f"+{name}" for name in current_plan().models]


def _told(what: str, seconds: float) -> float:
    print(f"{what}: {seconds:.1f} CPU s", file=sys.stderr, flush=True)
    return seconds


def large_day(database: Database, place: Path, events: int) -> Iterator[LargeDay]:
    """One UTC day of so many events in one file, and the same when nothing is known of its repetitions."""
    landing = place / "landing"
    world.write_reference(landing)
    with _lake(place), database("bench_large_day") as url:
        measure.load_reference(landing)
        computed(full_refresh=True)  # dbt has parsed the project for this database now
        deliver(url, place, 0, events)
        yield _of_day(f"one UTC day of {events:,} events in one file")
        with psycopg.connect(url) as connection:
            connection.execute("update ops.lake_files set repeats = null")
        yield _of_day("the same, searched whole for repetitions")


def _of_day(what: str) -> LargeDay:
    started = time.perf_counter()
    told = subprocess.run([sys.executable, "-c", DAY], check=True, capture_output=True, text=True)
    return LargeDay(what, float(told.stdout.splitlines()[-1]), time.perf_counter() - started)


def _lake(place: Path) -> AbstractContextManager[None]:
    """The lake lane below ``place``, with what it keeps of its own and dbt's parsed project."""
    folders = {"TIEOUT_LAKE": "lake", "TIEOUT_STATE_DIR": "state", "DBT_TARGET_PATH": "dbt-lake"}
    return _environment({name: str(place / folder) for name, folder in folders.items()})


@contextmanager
def _environment(changes: Mapping[str, str]) -> Iterator[None]:
    before = dict(os.environ)
    os.environ.update(changes)
    try:
        yield
    finally:
        os.environ.clear()
        os.environ.update(before)


def computed(*, full_refresh: bool = False, models: tuple[str, ...] = ()) -> Computed:
    """What a build in the lake lane computes on DuckDB, without what follows in Postgres."""
    with building("bench", full_refresh=full_refresh) as opened:
        return compute(opened.from_load_seq, opened.to_load_seq, full_refresh=full_refresh, models=models)


def run(select: list[str], *, full_refresh: bool = False, command: str = "run") -> None:
    """One build of the models that are selected. Raises BuildFailed."""
    with building("bench", full_refresh=full_refresh):
        outcome = dbt_process.run(dbt_process.arguments(command, full_refresh=full_refresh, select=select))
        if not outcome.succeeded:
            raise BuildFailed("\n".join(outcome.failures))


def cpu(url: str, action: Callable[[], object]) -> float:
    """Processor seconds of an action: this process, its children, and the server with its own."""
    before = _used(url)
    action()
    time.sleep(0.5)  # a server's process counts for its parent when it has ended
    return _used(url) - before


def new_day(url: str, days: int, deliver: Callable[[int], None], build: Callable[[], object]) -> float:
    """Processor seconds of a build after one more day, the median of NEW_DAYS of them."""
    found = []
    for day in range(days, days + NEW_DAYS):
        deliver(day)
        measure.settle(url)
        found.append(cpu(url, build))
    return statistics.median(found)


def _used(url: str) -> float:
    own = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    with psycopg.connect(url) as connection:
        backend = psutil.Process(connection.info.backend_pid)
        server = backend.parent() or backend
        running = [process.cpu_times() for process in server.children()]
    ended = server.cpu_times()
    return float(
        sum(one.ru_utime + one.ru_stime for one in own)
        + sum(one.user + one.system for one in running)
        + (ended.user + ended.system + ended.children_user + ended.children_system)
    )


def _parts(day: int, events: int) -> list[dict[str, object]]:
    """What is delivered the day after a day of use: its events, and a hundredth each of repetitions and late ones."""
    used = world.FIRST_DAY + timedelta(days=day)
    load = {
        "load_id": uuid5(SPACE, f"{day}"),
        "load_seq": 1000 + day,
        "delivered_on": used + timedelta(days=1),
        "accounts": world.ACCOUNTS,
    }
    hundredth = events // 100 if day else 0
    own = {**load, "occurred_on": used, "recorded_on": used, "kind": "e", "day": day, "first_line": 1}
    before = used - timedelta(days=1)
    parts = [{**own, "count": events - 2 * hundredth}]
    if hundredth:
        repeated = {**own, "occurred_on": before, "recorded_on": before, "day": day - 1, "count": hundredth}
        parts.append({**repeated, "first_line": events + 1})
        parts.append({**repeated, "recorded_on": used, "kind": "late", "first_line": 2 * events + 1})
    return parts


def _write(place: Path, day: int, events: int) -> dict[str, tuple[dict[str, object], int]]:
    """The files of a delivery in the lake: path, one of the parts in it, and rows."""
    files: dict[str, tuple[dict[str, object], int]] = {}
    parts = _parts(day, events)
    for occurred_on in dict.fromkeys(part["occurred_on"] for part in parts):
        of_day = [part for part in parts if part["occurred_on"] == occurred_on]
        delivered_on, load_id = of_day[0]["delivered_on"], of_day[0]["load_id"]
        path = f"{FOLDER}/delivered_on={delivered_on}/occurred_on={occurred_on}/{load_id}.parquet"
        target = place / "lake" / path
        if not target.exists():
            target.parent.mkdir(parents=True, exist_ok=True)
            query = " union all ".join(EVENTS.format(**part) for part in of_day)
            with duckdb.connect() as session:
                session.execute("set timezone = 'UTC'")
                session.execute(f"copy ({query}) to '{target}' (format parquet, compression zstd)")
        files[path] = (of_day[0], sum(int(str(part["count"])) for part in of_day))
    return files


def deliver(url: str, place: Path, day: int, events: int) -> None:
    """A delivery into the lake, on the list."""
    files = _write(place, day, events)
    with psycopg.connect(url) as connection:
        _note(connection, files, "lake")
        for path, (part, count) in files.items():
            with (place / "lake" / path).open("rb") as file:
                sha256, size = hashlib.file_digest(file, "sha256").hexdigest(), file.tell()
            row = (part["load_id"], part["load_seq"], part["delivered_on"], part["occurred_on"], path, count, size)
            connection.execute(FILE, (*row, sha256, lake().stat(path).version, _repeats(place / "lake" / path)))


def _repeats(file: Path) -> int:
    """What the load counts of a file."""
    with duckdb.connect() as session:
        query = f"select count(*) - count(distinct hash(source, event_id)) from read_parquet('{file}')"
        return int(session.execute(query).fetchall()[0][0])


def copy(url: str, place: Path, day: int, events: int) -> None:
    """The same delivery into Postgres."""
    files = _write(place, day, events)
    with psycopg.connect(url) as connection:
        _note(connection, files, "postgres")
        for part, _ in files.values():
            connection.execute("select ops.ensure_usage_partition(%s)", (part["occurred_on"],))
    with adbc.connect(url) as target, target.cursor() as cursor, duckdb.connect() as session:
        session.execute("set timezone = 'UTC'")
        for path in files:
            rows = session.sql(
                "select * replace (unhex(replace(load_id, '-', '')) as load_id, "
                "cast(chr(1) || dimensions as blob) as dimensions) "
                f"from read_parquet('{place / 'lake' / path}', hive_partitioning = true)"
            ).to_arrow_reader()
            schema = pa.schema(
                [pa.field(f.name, pa.binary(16) if f.name == "load_id" else f.type) for f in rows.schema]
            )
            parts = pa.RecordBatchReader.from_batches(schema, (batch.cast(schema) for batch in rows))
            cursor.adbc_ingest("usage__events", parts, mode="append", db_schema_name="raw")
        target.commit()
    with psycopg.connect(url) as connection:
        for part, _ in files.values():
            connection.execute("select ops.index_usage_partition(%s)", (part["occurred_on"],))


def _note(
    connection: psycopg.Connection[tuple[object, ...]], files: dict[str, tuple[dict[str, object], int]], lane: str
) -> None:
    """The row that a load leaves."""
    part = next(part for part, _ in files.values())
    count = sum(count for _, count in files.values())
    row = (part["load_id"], part["load_seq"], part["delivered_on"], "0" * 64, count, count, lane)
    connection.execute(LOAD, row)


def by_hand(place: Path) -> None:
    """Write the answer of the hand-written statement to ``answer.parquet``."""
    zones = pa.table(
        {
            "account_id": [f"acc_{n:05d}" for n in range(world.ACCOUNTS)],
            "timezone": [world.ZONES[n % len(world.ZONES)] for n in range(world.ACCOUNTS)],
        }
    )
    with duckdb.connect() as session:
        session.register("zones", zones)
        session.execute(f"copy zones to '{place / 'zones.parquet'}' (format parquet)")
    query = BY_HAND.format(files=place / "lake" / FOLDER / "*" / "*" / "*.parquet", answer=place / "answer.parquet")
    subprocess.run([sys.executable, "-c", CHILD, str(place / "zones.parquet"), query], check=True)


def compare(place: Path, who: str, ours: Iterable[tuple[object, ...]]) -> None:
    """Raise RuntimeError unless ``ours``, rows of ANSWERED, are what the hand-written statement says."""
    with duckdb.connect() as session:
        query = f"select {', '.join(ANSWERED)} from read_parquet('{place / 'answer.parquet'}')"
        theirs = session.execute(query).fetchall()
    different = set(ours) ^ set(theirs)
    if different or not theirs:
        raise RuntimeError(f"{who} and the hand-written statement differ in {len(different)} rows of {len(theirs)}")


def _compare(url: str, place: Path) -> None:
    """Raise RuntimeError unless Postgres took over what the hand-written statement says."""
    with psycopg.connect(url) as connection:
        ours = connection.execute(f"select {', '.join(ANSWERED)} from intermediate.int_usage__daily".encode())
        compare(place, "the lake lane", ours)
