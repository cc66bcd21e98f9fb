"""The two partition sets: delivery days for everything that is built, months for what is closed."""

from __future__ import annotations

import warnings
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta

import dagster as dg

from warehouse.settings import get_settings

# The versions are pinned exactly, so what is marked as beta (backfill policies) cannot change unseen.
warnings.filterwarnings("ignore", category=dg.BetaWarning)

PARTITION_TAG = "dagster/partition"
RANGE_START_TAG = "dagster/asset_partition_range_start"
RANGE_END_TAG = "dagster/asset_partition_range_end"

FIRST_DAY = get_settings().first_partition

# One set with one first day for every raw asset and every model: an asset without partitions, or with another first
# day, between these makes Dagster drop what is below it from a backfill without an error. The end offset makes the
# partition of today exist today, because a delivery is loaded on the day it is made.
daily = dg.DailyPartitionsDefinition(start_date=FIRST_DAY.isoformat(), end_offset=1)
monthly = dg.MonthlyPartitionsDefinition(start_date=FIRST_DAY.replace(day=1).isoformat(), end_offset=1)


@dataclass(frozen=True)
class Window:
    """Delivery days in [start, end)."""

    start: date
    end: date

    @classmethod
    def of_days(cls, first: date, last: date) -> Window:
        """From the first to the last delivery day, both inside."""
        return cls(first, last + timedelta(days=1))

    @property
    def days(self) -> list[date]:
        """Every delivery day of the window in order."""
        return [self.start + timedelta(days=offset) for offset in range((self.end - self.start).days)]

    def __str__(self) -> str:
        last = self.end - timedelta(days=1)
        return self.start.isoformat() if last == self.start else f"{self.start} to {last}"


def window_of_run(tags: Mapping[str, str]) -> Window:
    """The delivery days that a Dagster run is about, from its tags: one partition, or a range of them.

    Raises ValueError for a run without partitions.
    """
    if RANGE_START_TAG in tags:
        return Window.of_days(date.fromisoformat(tags[RANGE_START_TAG]), date.fromisoformat(tags[RANGE_END_TAG]))
    if PARTITION_TAG in tags:
        day = date.fromisoformat(tags[PARTITION_TAG])
        return Window.of_days(day, day)
    raise ValueError("This run has no delivery days: choose a partition, or a range of partitions.")


def range_tags(window: Window) -> dict[str, str]:
    """Run tags that make one run cover every delivery day of ``window``."""
    return {RANGE_START_TAG: window.days[0].isoformat(), RANGE_END_TAG: window.days[-1].isoformat()}
