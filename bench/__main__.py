"""Runs the benchmarks and writes docs/benchmarks.md.

python -m bench            # what docs/benchmarks.md holds: 1M and 10M events, about a quarter of an hour
python -m bench --small    # a hundredth of it, to see that everything runs; writes nothing
"""

import argparse
import os
import sys
import tempfile
from datetime import UTC, datetime
from functools import partial
from pathlib import Path

from bench import machine, measure, scratch, world
from bench.measure import Row

PAGE = Path(__file__).resolve().parent.parent / "docs" / "benchmarks.md"
EVENTS_A_DAY = 100_000
FEW_DAYS, MANY_DAYS = 10, 100
NEW_DAY_LIMIT = 1.2


def main() -> int:
    """Measure, print, and write the page. Exit code 1 when a new day's cost grows with the history."""
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    parser.add_argument("--small", action="store_true", help="a hundredth of the events; writes nothing")
    small = parser.parse_args().small
    events_a_day = EVENTS_A_DAY // (100 if small else 1)
    with tempfile.TemporaryDirectory(prefix="tieout-bench-landing-") as place, scratch.server() as server:
        # dbt's parsed project stays out of the way of the user's own.
        os.environ["DBT_TARGET_PATH"] = str(Path(place) / "dbt")
        about, load_before = machine.describe(server), machine.load()
        rows = list(_measured(server, Path(place), events_a_day, repeats=1 if small else 3))
    page = _page(rows, about, load_before)
    print(page)
    if not small:
        PAGE.write_text(page, "utf-8")
    growth = next(row.ratio or 0 for row in rows if row.what.endswith("days of history"))
    if growth >= NEW_DAY_LIMIT:
        print(f"A new day costs {growth:.2f} times as much on {MANY_DAYS} days as on {FEW_DAYS}.", file=sys.stderr)
        return 1
    return 0


def _measured(server: str, place: Path, events_a_day: int, repeats: int) -> list[Row]:
    database = partial(scratch.database, server)
    rows = [measure.load_against_copy(database, place / "one-file", events_a_day * FEW_DAYS, repeats)]
    _tell(rows[-1])
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


def _page(rows: list[Row], about: str, load_before: str) -> str:
    lines = [
        "# Benchmarks",
        "",
        "`make bench` wrote this page. Every ratio is of two measurements of one run on the same machine and rows;",
        "the usage chain's answer is compared with the hand-written statement's before its time counts.",
        "",
        f"* Machine: {about}.",
        f"* Measured on {datetime.now(UTC):%Y-%m-%d} UTC; load average before the run: {load_before}.",
        "* One event in a hundred is a repetition of the day before, one in a hundred comes a day late.",
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
    ]
    return "\n".join(lines)


if __name__ == "__main__":
    sys.exit(main())
