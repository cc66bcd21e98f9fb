"""What a day costs that comes after a week, and after a year: the usage controls on everything they read.

Events are made as for the lake lane. A run takes in the day's events, brings the aggregates of both sides up to date
and compares them; what a run with nothing new costs, dbt's start above all, is measured beside it.
"""

from __future__ import annotations

import shutil
from dataclasses import dataclass
from pathlib import Path

import psycopg

from bench import lake, measure, world
from bench.scratch import Database

MOST_OF_A_WEEK = 1.3
WEEK, YEAR = 7, 365
EVENTS_A_DAY = 20_000
# What a day's delivery moves; U2 counts loads.
CONTROLS = (
    "+recon_u1__announced_to_landed",
    "+recon_u3__events_to_aggregates",
    "+recon_u4__usage_to_external_meter",
    "+recon_u5__contracts_to_usage",
    "+recon_u5__usage_to_contracts",
)


@dataclass(frozen=True)
class History:
    """A warehouse of so many days: account-days that are compared, and CPU seconds of a run after one more of them."""

    days: int
    events: int
    compared: int
    new_day: float
    nothing_new: float


@dataclass(frozen=True)
class Histories:
    """A short history and a long one."""

    short: History
    long: History

    @property
    def ratio(self) -> float:
        """How many times as much a day costs in the long one."""
        return self.long.new_day / self.short.new_day

    def missed(self) -> list[str]:
        """What is not reached, in sentences."""
        if self.ratio <= MOST_OF_A_WEEK:
            return []
        return [f"a day into {self.long.days} days costs {self.ratio:.2f} times a day into {self.short.days}"]


def measured(database: Database, place: Path, smaller: int) -> Histories:
    """Both histories, one after the other; a smaller one has fewer events and ends after two weeks."""
    short, long = (
        _history(database, place / f"{days}-days", days, EVENTS_A_DAY // smaller)
        for days in (WEEK, YEAR if smaller == 1 else 2 * WEEK)
    )
    return Histories(short, long)


def page(found: Histories) -> list[str]:
    """Lines of the page."""
    return [
        "| one more day of usage after | events | account-days compared | CPU s | of these with nothing new |",
        "|---|---:|---:|---:|---:|",
        *(
            f"| {one.days} days | {one.events:,} | {one.compared:,} | {one.new_day:.1f} | {one.nothing_new:.1f} |"
            for one in (found.short, found.long)
        ),
        f"| ratio (asked: {MOST_OF_A_WEEK}) | | | {found.ratio:.2f} | |",
        "",
        "A run takes in the day, sums it on both sides and runs U1, U3, U4 and U5, dbt included; the median of",
        f"{lake.NEW_DAYS}. U3 compares the days that changed; U4 compares nothing, there is no external meter in this",
        "world. Controls of documents compare their whole populations in every run, as the table above does.",
    ]


def _history(database: Database, place: Path, days: int, events_a_day: int) -> History:
    world.write_reference(place / "landing")
    with lake.postgres_of(database, place, days, events_a_day) as url:
        lake.run([], command="seed")
        lake.run(list(CONTROLS), full_refresh=True)
        measure.settle(url)
        new_day = lake.new_day(
            url, days, lambda day: lake.copy(url, place, day, events_a_day), lambda: lake.run(list(CONTROLS))
        )
        nothing_new = lake.cpu(url, lambda: lake.run(list(CONTROLS)))
        with psycopg.connect(url) as connection:
            (compared,) = connection.execute("select count(*) from intermediate.int_usage__daily").fetchone() or (0,)
    shutil.rmtree(place)
    return History(days, days * events_a_day, compared, new_day, nothing_new)
