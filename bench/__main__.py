"""Runs the benchmarks and writes docs/benchmarks.md.

python -m bench                # what docs/benchmarks.md holds, about half an hour
python -m bench --part load    # loading alone; or usage (its chain), rating, schedules or cases; writes nothing
python -m bench --small        # a hundredth of it, to see that everything runs; judges and writes nothing
"""

import argparse
import os
import sys
import tempfile
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import TypeVar

from bench import loading, machine, measure, rating, schedules, scratch, worked_cases, world
from bench.loading import Memory, Rate
from bench.measure import Row
from bench.rating import Against
from bench.schedules import Schedules
from bench.worked_cases import Run

PAGE = Path(__file__).resolve().parent.parent / "docs" / "benchmarks.md"
PARTS = ["load", "usage", "rating", "schedules", "cases"]
EVENTS = 1_000_000
LARGE_FILE = 20_000_000
EVENTS_A_DAY = 100_000
RATED_LINES = 1_000_000
SCHEDULED_LINES = 1_000_000
FEW_DAYS, MANY_DAYS = 10, 100
NEW_DAY_LIMIT = 1.2

Measured = TypeVar("Measured", Rate, Memory, Against, Schedules, Run)


def main() -> int:
    """Measure, print, and write the page. Exit code 1 when something takes more than it may."""
    parser = argparse.ArgumentParser(
        prog="python -m bench", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--small", action="store_true", help="a hundredth of the events; judges and writes nothing")
    parser.add_argument("--part", choices=PARTS, action="append", help="only this part; writes nothing")
    asked = parser.parse_args()
    parts, smaller, repeats = asked.part or PARTS, 100 if asked.small else 1, 1 if asked.small else 3
    rates: list[Rate] = []
    large: list[Memory] = []
    rows: list[Row] = []
    rated: list[Against] = []
    scheduled: list[Schedules] = []
    cases: list[Run] = []
    with tempfile.TemporaryDirectory(prefix="tieout-bench-landing-") as place, scratch.server() as server:
        # dbt's parsed project stays out of the way of the user's own.
        os.environ["DBT_TARGET_PATH"] = str(Path(place) / "dbt")
        about, load_before = machine.describe(server), machine.load()
        database = partial(scratch.database, server)
        if "load" in parts:
            rates.extend(_told(loading.rates(database, Path(place), EVENTS // smaller, repeats)))
            large.extend(_told(loading.memory(database, Path(place), LARGE_FILE // smaller)))
        if "usage" in parts:
            rows = list(_measured(server, Path(place), EVENTS_A_DAY // smaller, repeats))
        if "rating" in parts:
            rated.extend(_told(rating.measured(database, RATED_LINES // smaller, repeats)))
        if "schedules" in parts:
            scheduled.extend(_told(schedules.measured(database, SCHEDULED_LINES // smaller, repeats)))
        if "cases" in parts:
            cases.extend(_told(worked_cases.measured(database)))
    page = _page((rates, large, rows, rated, scheduled, cases), about, load_before)
    print(page)
    if not asked.small and not asked.part:
        PAGE.write_text(page, "utf-8")
    if asked.small:
        return 0
    results: list[Rate | Memory | Against | Run] = [*rates, *large, *rated, *cases]
    missed = [sentence for one in results for sentence in one.missed()]
    growth = next((row.ratio or 0 for row in rows if row.what.endswith("days of history")), 0)
    if growth >= NEW_DAY_LIMIT:
        missed.append(f"a new day costs {growth:.2f} times as much on {MANY_DAYS} days as on {FEW_DAYS}")
    for sentence in missed:
        print(f"Not reached: {sentence}.", file=sys.stderr)
    return 1 if missed else 0


def _measured(server: str, place: Path, events_a_day: int, repeats: int) -> list[Row]:
    database = partial(scratch.database, server)
    rows = []
    new_days = {}
    for days in (FEW_DAYS, MANY_DAYS):
        landing = place / f"{days}-days"
        world.write_reference(landing)
        for day in range(days):
            world.write_day(landing, day, events_a_day)
        with database(f"bench_{days}_days") as url:
            measure.load_reference(landing)
            measure.load_days(landing, 0, days)
            rows.append(measure.chain_against_one_statement(url, events_a_day * days))
            _tell(rows[-1])
            measure.settle(url)
            # Of several days, so that one disturbance does not decide.
            measured = (measure.new_day(landing, days + n, events_a_day) for n in range(repeats))
            new_days[days] = sorted(measured, key=lambda day: day.total)[repeats // 2]
            if days == FEW_DAYS:
                chain, whole = measure.nothing_new()
    few, many = new_days[FEW_DAYS], new_days[MANY_DAYS]
    what = f"a new day of {events_a_day:,} events on {MANY_DAYS} days of history"
    yardstick = f"the same on {FEW_DAYS} days; median of {repeats}"
    rows.append(Row(what, many.total, few.total, yardstick))
    rows.append(Row(f"{what}: its load alone", many.load, few.load, yardstick))
    rows.append(Row(f"{what}: its models alone", many.models, few.models, f"{yardstick}, without starting dbt"))
    rows.append(Row("nothing new: usage chain", chain, None, "starting dbt, and finding nothing to do"))
    rows.append(Row("nothing new: whole build", whole, None, "every model and every test, without Dagster"))
    return rows


def _tell(row: Row) -> None:
    print(f"{row.what}: {row.ours:.1f} s, ratio {row.ratio or 0:.2f}", file=sys.stderr, flush=True)


def _told(measured: Iterable[Measured]) -> Iterator[Measured]:
    for one in measured:
        print(one.line(), file=sys.stderr, flush=True)
        yield one


def _page(
    measured: tuple[list[Rate], list[Memory], list[Row], list[Against], list[Schedules], list[Run]],
    about: str,
    load_before: str,
) -> str:
    rates, large, rows, rated, scheduled, cases = measured
    lines = [
        "# Benchmarks",
        "",
        "`make bench` wrote this page. Every ratio is of two measurements of one run on the same machine and rows;",
        "the usage chain's answer is compared with the hand-written statement's before its time counts.",
        "",
        f"* Machine: {about}.",
        f"* Measured on {datetime.now(UTC):%Y-%m-%d} UTC; load average before the run: {load_before}.",
        "",
        "## Loading usage events",
        "",
        *loading.page(rates, large),
        "",
        "## From events to daily usage",
        "",
        "One event in a hundred is a repetition of the day before, one in a hundred comes a day late.",
        "",
        "| what | tieout, s | yardstick, s | ratio | yardstick |",
        "|---|---:|---:|---:|---|",
    ]
    for row in rows:
        yardstick = "" if row.yardstick is None else f"{row.yardstick:.2f}"
        ratio = "" if row.ratio is None else f"{row.ratio:.2f}"
        lines.append(f"| {row.what} | {row.ours:.2f} | {yardstick} | {ratio} | {row.remark} |")
    lines += [
        "",
        f"A new day may cost at most {NEW_DAY_LIMIT} times as much on {MANY_DAYS} days of history as on {FEW_DAYS}.",
        "It is measured after a vacuum and a checkpoint: what Postgres does after a bulk load does not run beside it.",
        "",
        "## Rating and reconciliation",
        "",
        *rating.page(rated),
        "",
        *worked_cases.page(cases),
        "",
        "## Revenue schedules",
        "",
        *schedules.page(scheduled),
        "",
    ]
    return "\n".join(lines)


if __name__ == "__main__":
    sys.exit(main())
