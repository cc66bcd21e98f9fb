"""Runs the benchmarks and writes docs/benchmarks.md.

python -m bench                # what docs/benchmarks.md holds, more than an hour
python -m bench --part load    # or memory, usage, daily, lake, large_day, spark, rating, schedules, month_end, cases or
                               # recon
python -m bench --part recon --seeds 1 --only scores --keep DIR    # a part of one part; DIR holds what is done
python -m bench --small        # a hundredth of it, to see that everything runs; judges and writes nothing
"""

import argparse
import os
import sys
import tempfile
from collections.abc import Callable, Iterable, Iterator
from functools import partial
from pathlib import Path
from typing import TypeAlias, TypeVar

from bench import lake, loading, measure, month_end, page, rating, schedules, scratch, spark, worked_cases, world
from bench.lake import LargeDay
from bench.loading import Memory, Rate
from bench.measure import Row
from bench.month_end import MonthEnd
from bench.rating import Against
from bench.recon import run as recon
from bench.recon.kept import Kept
from bench.schedules import Schedules
from bench.scratch import Database
from bench.worked_cases import Run
from orchestration.engines.spark import SparkMissing

EVENTS = 1_000_000
LARGE_FILE = 20_000_000
EVENTS_A_DAY = 100_000
LAKE_EVENTS = 20_000_000
LARGE_DAY = 33_000_000
RATED_LINES = 1_000_000
SCHEDULED_LINES = 1_000_000
INVOICES_A_MONTH = 3_000
FEW_DAYS, MANY_DAYS = 10, 100
NEW_DAY_LIMIT = 1.2

Measured = TypeVar("Measured", Rate, Memory, LargeDay, Against, Schedules, MonthEnd, Run)
Section: TypeAlias = tuple[list[str], list[str]]
"""The lines of a section, and what in it takes more than it may."""


def main() -> int:
    """Measure, print, and write the page. Exit code 1 when something takes more than it may."""
    parser = argparse.ArgumentParser(
        prog="python -m bench", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--small", action="store_true", help="a hundredth of the events; judges and writes nothing")
    parser.add_argument("--part", choices=list(page.TITLES), action="append", help="only this part of the page")
    parser.add_argument("--seeds", type=int, default=len(recon.SEEDS), help="recon: how many of its ten seeds")
    parser.add_argument("--only", choices=recon.PARTS, action="append", help="recon: only this part of it")
    parser.add_argument(
        "--keep", type=Path, help="recon: a folder for results; what stands there is not measured again"
    )
    parser.add_argument("--kept-alone", action="store_true", help="recon: measure nothing, write what is kept")
    asked = parser.parse_args()
    smaller, repeats = (100, 1) if asked.small else (1, 3)
    missed: list[str] = []
    with tempfile.TemporaryDirectory(prefix="tieout-bench-landing-") as place, scratch.server() as server:
        # dbt's parsed project stays out of the way of the user's own.
        os.environ["DBT_TARGET_PATH"] = str(Path(place) / "dbt")
        measuring: dict[str, Callable[[Database], Section]] = {
            "load": partial(_loading, Path(place), smaller, repeats),
            "memory": partial(_memory, Path(place), smaller),
            "usage": partial(_usage, server, Path(place), smaller, repeats),
            "daily": partial(_daily, Path(place), smaller),
            "lake": partial(_lake, Path(place), smaller),
            "large_day": partial(_large_day, Path(place), smaller),
            "spark": partial(_spark, Path(place), smaller),
            "rating": partial(_rating, smaller, repeats),
            "schedules": partial(_schedules, smaller),
            "month_end": partial(_month_end, smaller),
            "cases": _cases,
            "recon": partial(_recon, Path(place), _asked(asked), smaller, repeats),
        }
        for part in asked.part or page.TITLES:
            on = page.about(server)
            try:
                lines, too_much = measuring[part](partial(scratch.database, server))
            except SparkMissing as missing:
                print(f"{page.TITLES[part]} is not measured. {missing}", file=sys.stderr, flush=True)
                missed.extend([f"{page.TITLES[part]} is measured"] if asked.part else [])
                continue
            missed.extend(too_much)
            text = page.section(part, lines, *on)
            print(text)
            if not asked.small:
                page.PAGE.write_text(page.rewritten(page.PAGE.read_text("utf-8"), {part: text}), "utf-8")
    if asked.small:
        return 0
    for sentence in missed:
        print(f"Not reached: {sentence}.", file=sys.stderr)
    return 1 if missed else 0


def _loading(place: Path, smaller: int, repeats: int, database: Database) -> Section:
    rates = list(_told(loading.rates(database, place, EVENTS // smaller, repeats)))
    return loading.page(rates), _missed(rates)


def _memory(place: Path, smaller: int, database: Database) -> Section:
    large = list(_told(loading.memory(database, place, LARGE_FILE // smaller)))
    return loading.memory_page(large), _missed(large)


def _usage(server: str, place: Path, smaller: int, repeats: int, _database: Database) -> Section:
    rows = list(_measured(server, place, EVENTS_A_DAY // smaller, repeats))
    lines = [
        "One event in a hundred is a repetition of the day before, one in a hundred comes a day late. The answer",
        "of the chain is compared with the hand-written statement's before its time counts.",
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
    ]
    growth = next((row.ratio or 0 for row in rows if row.what.endswith("days of history")), 0)
    if growth < NEW_DAY_LIMIT:
        return lines, []
    return lines, [f"a new day costs {growth:.2f} times as much on {MANY_DAYS} days as on {FEW_DAYS}"]


def _daily(place: Path, smaller: int, database: Database) -> Section:
    found = lake.daily(database, place / "lake-daily", LAKE_EVENTS // smaller)
    return lake.daily_page(found), found.missed()


def _lake(place: Path, smaller: int, database: Database) -> Section:
    found = lake.measured(database, place / "lake-lane", LAKE_EVENTS // smaller)
    return lake.page(found), found.missed()


def _large_day(place: Path, smaller: int, database: Database) -> Section:
    days = list(_told(lake.large_day(database, place / "large-day", LARGE_DAY // smaller)))
    return lake.large_day_page(days), _missed(days)


def _spark(place: Path, smaller: int, database: Database) -> Section:
    found = spark.measured(database, place / "spark", LAKE_EVENTS // smaller)
    return spark.page(found), found.missed()


def _rating(smaller: int, repeats: int, database: Database) -> Section:
    rated = list(_told(rating.measured(database, RATED_LINES // smaller, repeats)))
    return rating.page(rated), _missed(rated)


def _schedules(smaller: int, database: Database) -> Section:
    found = list(_told(schedules.measured(database, SCHEDULED_LINES // smaller)))
    return schedules.page(found), _missed(found)


def _month_end(smaller: int, database: Database) -> Section:
    found = list(_told(month_end.measured(database, INVOICES_A_MONTH // smaller)))
    return month_end.page(found), month_end.missed(found)


def _cases(database: Database) -> Section:
    runs = list(_told(worked_cases.measured(database)))
    return worked_cases.page(runs), _missed(runs)


def _asked(arguments: argparse.Namespace) -> recon.Asked:
    """What is asked of the benchmark of the controls; a small run scores one seed."""
    seeds = 1 if arguments.small else arguments.seeds
    return recon.Asked(seeds, tuple(arguments.only or recon.PARTS), Kept(arguments.keep, arguments.kept_alone))


def _recon(place: Path, asked: recon.Asked, smaller: int, repeats: int, database: Database) -> Section:
    found = recon.measured(database, place, asked, smaller, repeats)
    return recon.page(found, asked), found.missed()


def _missed(results: Iterable[Rate | Memory | LargeDay | Against | Schedules | Run]) -> list[str]:
    return [sentence for one in results for sentence in one.missed()]


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


if __name__ == "__main__":
    sys.exit(main())
