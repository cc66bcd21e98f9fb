"""Loading usage events: how fast against plain COPY, what a replay costs, and how much memory a large file takes."""

import resource
import statistics
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import psycopg

from bench import measure, scratch, world
from bench.scratch import Database

COPIED = "bench_copied"
NAMES: dict[world.Form, str] = {"parquet": "Parquet", "jsonl": "JSON lines"}
# Events per second against `\copy`'s: what a load must reach although it validates, deduplicates and sets aside.
LEAST_RATE: dict[world.Form, float] = {"parquet": 1.0, "jsonl": 0.6}
MOST_OF_A_LOAD = 0.1
MOST_MEMORY_MB = 500
CHILD = """
import sys
from bench.loading import peak_megabytes
from ingestion.landing import load_landing
load_landing(sys.argv[1], ["usage"])
print(peak_megabytes())
"""


@dataclass(frozen=True)
class Rate:
    """Seconds of loading one file, of copying its rows, and of offering the file again."""

    form: world.Form
    events: int
    ours: float
    copied: float
    replayed: float

    @property
    def against_copy(self) -> float:
        """Our events per second in units of those of the copy."""
        return self.copied / self.ours

    @property
    def of_a_load(self) -> float:
        """What a replay costs, in units of the load."""
        return self.replayed / self.ours

    def missed(self) -> list[str]:
        """What is not reached, in sentences."""
        found = []
        if self.against_copy < LEAST_RATE[self.form]:
            found.append(f"{NAMES[self.form]} loads at {self.against_copy:.2f} of \\copy's rate")
        if self.of_a_load >= MOST_OF_A_LOAD:
            found.append(f"a replay of {NAMES[self.form]} costs {self.of_a_load:.2f} of its load")
        return found

    def line(self) -> str:
        """A row of the page's table."""
        return (
            f"| {NAMES[self.form]} | {self.events:,} | {self.events / self.ours:,.0f} | "
            f"{self.events / self.copied:,.0f} | {self.against_copy:.2f} | {LEAST_RATE[self.form]} | "
            f"{self.replayed:.2f} s, {100 * self.of_a_load:.1f} % |"
        )


@dataclass(frozen=True)
class Memory:
    """Peak resident memory of a process that loads one file, in MB, and how long it took."""

    form: world.Form
    events: int
    megabytes: float
    seconds: float

    def missed(self) -> list[str]:
        """What is not reached, in sentences."""
        if self.megabytes < MOST_MEMORY_MB:
            return []
        return [f"loading {self.events:,} events from {NAMES[self.form]} took {self.megabytes:.0f} MB"]

    def line(self) -> str:
        """A row of the page's table."""
        return f"| {NAMES[self.form]} | {self.events:,} | {self.megabytes:.0f} | {self.events / self.seconds:,.0f} |"


def rates(database: Database, place: Path, events: int, repeats: int) -> Iterator[Rate]:
    """One file of `events` in each form through the landing door, against psql's copy of the same rows."""
    for form in NAMES:
        landing = place / form
        world.write_reference(landing)
        path = world.write_day(landing, 0, events, form)
        yield _rate(database, landing, form, events, repeats)
        path.unlink()


def memory(database: Database, place: Path, events: int) -> Iterator[Memory]:
    """One large file in each form, loaded by a process of its own."""
    for form in NAMES:
        landing = place / f"large-{form}"
        world.write_reference(landing)
        path = world.write_day(landing, 0, events, form)
        with database(f"bench_memory_{form}") as url:
            measure.load_reference(landing)
            megabytes: list[float] = []
            taken = measure.seconds(partial(_peak, landing, megabytes))
            _check_count(url, "raw.usage__events", events)
        path.unlink()
        yield Memory(form, events, megabytes[0], taken)


def page(found: list[Rate]) -> list[str]:
    """Lines of the section on rates."""
    return [
        "| file | events | tieout, events/s | `\\copy`, events/s | ratio | at least | the same file again |",
        "|---|---:|---:|---:|---:|---:|---:|",
        *(one.line() for one in found),
        "",
        "tieout validates, tells duplicates within the file, sets aside and counts; `\\copy` puts the same rows into a",
        "bare table.",
        f"Offering a loaded file again may cost {100 * MOST_OF_A_LOAD:.0f} % of loading it: its bytes are hashed.",
    ]


def memory_page(found: list[Memory]) -> list[str]:
    """Lines of the section on memory."""
    return [
        "| file | events | peak memory of the load, MB | events/s |",
        "|---|---:|---:|---:|",
        *(one.line() for one in found),
        "",
        f"At most {MOST_MEMORY_MB} MB.",
    ]


def _rate(database: Database, landing: Path, form: world.Form, events: int, repeats: int) -> Rate:
    times = []
    for attempt in range(repeats):
        with database(f"bench_load_{attempt}") as url:
            measure.load_reference(landing)
            ours = measure.seconds(partial(measure.load_days, landing, 0, 1))
            replayed = measure.seconds(partial(measure.load_days, landing, 0, 1, status="already_loaded"))
            times.append((ours, _copied(url, landing, events), replayed))
    return Rate(form, events, *(statistics.median(values) for values in zip(*times, strict=True)))


def _copied(url: str, landing: Path, events: int) -> float:
    rows = landing.parent / "rows.csv"
    scratch.psql(url, f"\\copy (select * from raw.usage__events) to '{rows}' with (format csv)")
    scratch.psql(url, f"create table {COPIED} (like raw.usage__events)")
    scratch.psql(url, "checkpoint")
    taken = measure.seconds(partial(scratch.psql, url, f"\\copy {COPIED} from '{rows}' with (format csv)"))
    rows.unlink()
    _check_count(url, COPIED, events)
    return taken


def peak_megabytes() -> float:
    """Peak resident memory of this process. What getrusage says on Linux includes the process that started it."""
    status = Path("/proc/self/status")
    if status.exists():
        return next(int(line.split()[1]) for line in status.read_text().splitlines() if line.startswith("VmHWM")) / 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / (1 << 20)


def _peak(landing: Path, megabytes: list[float]) -> None:
    told = subprocess.run([sys.executable, "-c", CHILD, landing], check=True, capture_output=True, text=True)
    megabytes.append(float(told.stdout))


def _check_count(url: str, table: str, events: int) -> None:
    with psycopg.connect(url) as connection:
        (count,) = connection.execute(f"select count(*) from {table}").fetchone() or (None,)
    if count != events:
        raise RuntimeError(f"{events} events were written, {count} are in {table}")
