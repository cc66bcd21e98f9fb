"""The usage chain on a Spark cluster of this machine: processor seconds, with one and with two workers, and growth.

The events are those of the lake lane's part, in the same files. The cluster is a standalone master and workers of one
core each; its processes, dbt's and the driver's count, and so do executors that have ended. What starts the cluster
and copies the inputs into it does not.
"""

from __future__ import annotations

import ctypes
import os
import resource
import statistics
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from importlib.metadata import version
from pathlib import Path

import psutil

from bench import lake
from bench.lake import FEW_DAYS, MANY_DAYS, MOST_GROWTH, NEW_DAYS, TO_DAILY
from bench.scratch import Database
from ingestion.lake import FOLDER
from orchestration.build import building
from orchestration.engines import chain, inputs, spark
from orchestration.engines.chain import Relation
from orchestration.engines.postgres import warehouse
from orchestration.engines.spark import Spark
from orchestration.lake.days import current_plan
from orchestration.lake.plan import EVENTS

DAILY = Relation("intermediate", "int_usage__daily")
# Of one core each; the last is what one more day is measured with.
WORKERS = (1, 2)
# Linux: processes that lose their parent become ours, so that their processor seconds are counted for us.
ADOPT = 36
END_SECONDS = 120


@dataclass(frozen=True)
class Took:
    """What something took: processor seconds of all processes, and seconds of the clock."""

    processor: float
    clock: float


@dataclass
class OnSpark:
    """Everything that was measured: raw to daily by number of workers, and one more day by days of history."""

    events: int
    new_events: int
    whole: dict[int, Took] = field(default_factory=dict)
    new_days: dict[int, list[Took]] = field(default_factory=dict)

    def new_day(self, days: int) -> Took:
        """What one more day takes after so many: medians."""
        took = self.new_days[days]
        return Took(statistics.median(one.processor for one in took), statistics.median(one.clock for one in took))

    @property
    def growth(self) -> float:
        """What a day costs on the long history, in units of the short one."""
        return self.new_day(MANY_DAYS).processor / self.new_day(FEW_DAYS).processor

    def missed(self) -> list[str]:
        """What is not reached, in sentences."""
        if self.growth <= MOST_GROWTH:
            return []
        return [f"one more day on {MANY_DAYS} days of history, Spark: {self.growth:.2f} times that on {FEW_DAYS}"]


def page(found: OnSpark) -> list[str]:
    """The lines of the page's section."""
    whole = (
        f"| raw to daily, {found.events:,} events, {workers} worker{'s' if workers > 1 else ''} "
        f"| {took.processor:.1f} | {took.clock:.1f} |"
        for workers, took in sorted(found.whole.items())
    )
    new_day = (
        f"| one more day of {found.new_events:,} events on {days} days of history | {took.processor:.1f} "
        f"| {took.clock:.1f} |"
        for days, took in ((days, found.new_day(days)) for days in (FEW_DAYS, MANY_DAYS))
    )
    return [
        f"Spark {version('pyspark')}, a standalone master and workers of one core and 1 GB an executor, all on this",
        "machine. Processor seconds are those of master, workers, executors, driver and dbt, user and system;",
        "starting the cluster and copying the inputs are not in them, starting dbt and the driver are.",
        "",
        "| what | CPU s | s |",
        "|---|---:|---:|",
        *whole,
        *new_day,
        "",
        f"One more day was measured {NEW_DAYS} times, day after day, with {WORKERS[-1]} workers; medians. On",
        f"{MANY_DAYS} days it took {found.growth:.2f} times as much as on {FEW_DAYS}; at most {MOST_GROWTH}.",
        "After them, every day was compared with the answer of one statement that was written by hand and reads",
        "all events.",
    ]


def measured(database: Database, place: Path, events: int) -> OnSpark:
    """Measure ``events`` events of MANY_DAYS days, and one more day. Raises SparkMissing where Spark cannot run."""
    spark.home()
    events_a_day = events // MANY_DAYS
    found = OnSpark(events_a_day * MANY_DAYS, events_a_day)
    for days in (MANY_DAYS, FEW_DAYS):
        here = place / f"{days}-days"
        with lake.lake_of(database, here, days, events_a_day) as url:
            for workers in WORKERS if days == MANY_DAYS else WORKERS[-1:]:
                with _cluster(here / f"spark-{workers}", workers) as (engine, cpu):
                    took = _told(f"{workers} workers, {days} days", _build(engine, cpu, here, full_refresh=True))
                    if days == MANY_DAYS:
                        found.whole[workers] = took
                    if workers == WORKERS[-1]:
                        found.new_days[days] = [
                            _one_more_day(url, here, engine, cpu, days + more, events_a_day) for more in range(NEW_DAYS)
                        ]
                        _compare(engine, here)
    return found


def _one_more_day(
    url: str, place: Path, engine: Spark, cpu: Callable[[Callable[[], object]], Took], day: int, events_a_day: int
) -> Took:
    """What a build takes after one more day."""
    lake.deliver(url, place, day, events_a_day)
    return _told(f"one more day on {day} days", _build(engine, cpu, place))


def _build(
    engine: Spark, cpu: Callable[[Callable[[], object]], Took], place: Path, *, full_refresh: bool = False
) -> Took:
    """Hand over what Postgres knows and the events of the lake, and build; what building takes."""
    if full_refresh:
        chain.chain(engine.name, place / "dbt", engine.variables)  # dbt has parsed the project for this cluster now
    with building("bench", full_refresh=full_refresh):
        with warehouse() as source:
            files = inputs.export(source, current_plan().inputs, place / "inputs")
        engine.register({**files, EVENTS: Path(os.environ["TIEOUT_LAKE"]) / FOLDER})
        return cpu(
            lambda: chain.run(
                engine.name, place / "dbt", engine.variables, ("--select", *TO_DAILY), full_refresh=full_refresh
            )
        )


@contextmanager
def _cluster(folder: Path, workers: int) -> Iterator[tuple[Spark, Callable[[Callable[[], object]], Took]]]:
    """A cluster, and what says how much an action on it takes."""
    library = ctypes.CDLL(None)
    before = set(psutil.Process().children())
    library.prctl(ADOPT, 1, 0, 0, 0)
    try:
        with spark.opened(folder, workers) as engine:
            daemons = [process for process in psutil.Process().children() if process not in before]

            def cpu(action: Callable[[], object]) -> Took:
                _await_ends(daemons, before)  # of what was done before
                started, used = time.perf_counter(), _used(daemons)
                action()
                clock = time.perf_counter() - started
                _await_ends(daemons, before)
                return Took(_used(daemons) - used, clock)

            yield engine, cpu
    finally:
        library.prctl(ADOPT, 0, 0, 0, 0)


def _await_ends(daemons: list[psutil.Process], before: set[psutil.Process]) -> None:
    """Wait for the driver, which outlives dbt, and for the executors: a process counts when it has ended."""
    until = time.monotonic() + END_SECONDS
    for process in set(psutil.Process().children()) - before - set(daemons):
        os.waitpid(process.pid, 0)
    while any(daemon.children() for daemon in daemons) and time.monotonic() < until:
        time.sleep(0.1)


def _used(daemons: list[psutil.Process]) -> float:
    own = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    times = [daemon.cpu_times() for daemon in daemons]
    return float(
        sum(one.ru_utime + one.ru_stime for one in own)
        + sum(one.user + one.system + one.children_user + one.children_system for one in times)
    )


def _compare(engine: Spark, place: Path) -> None:
    """Raise RuntimeError unless Spark's days are those of the hand-written statement."""
    lake.by_hand(place)
    [(_, daily)] = engine.tables([DAILY])
    ours = zip(*(daily.column(name).to_pylist() for name in lake.ANSWERED), strict=True)
    lake.compare(place, "Spark", ours)


def _told(what: str, took: Took) -> Took:
    print(f"Spark, {what}: {took.processor:.1f} CPU s, {took.clock:.1f} s", file=sys.stderr, flush=True)
    return took
