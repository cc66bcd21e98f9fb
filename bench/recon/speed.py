"""What comparing a million rows with a million costs: CPU seconds beside one hand-written join, and datacompy."""

from __future__ import annotations

import os
import statistics
import time
from dataclasses import dataclass
from pathlib import Path

import datacompy
import pandas as pd
import psycopg

from bench import rating
from bench.scratch import Database

MOST_OF_BY_HAND, LEAST_OF_DATACOMPY = 1.5, 3.0
COLUMNS = ["tracking_key", "currency", "amount_minor", "quantity"]
TICKS = os.sysconf("SC_CLK_TCK")


@dataclass(frozen=True)
class Cost:
    """CPU seconds of classifying the same rows in three ways."""

    rows: int
    ours: float
    by_hand: float
    datacompy: float

    def missed(self) -> list[str]:
        """What is not reached, in sentences."""
        found = []
        if self.ours > MOST_OF_BY_HAND * self.by_hand:
            found.append(f"comparing costs {self.ours / self.by_hand:.2f} times the CPU of one hand-written join")
        if self.datacompy < LEAST_OF_DATACOMPY * self.ours:
            found.append(f"datacompy costs only {self.datacompy / self.ours:.2f} times our CPU")
        return found


def measured(database: Database, rows: int, repeats: int) -> Cost:
    """Medians of `repeats`. Postgres works in one process, whose CPU time the kernel tells."""
    with database("bench_recon_speed") as url:
        rating.prepare_comparison()
        ours = rating.compiled(rating.COMPARISON)
        with psycopg.connect(url, autocommit=True) as connection:
            connection.execute("set timezone to 'UTC'")
            connection.execute("set max_parallel_workers_per_gather to 0")
            for statement in rating.COMPARISON_DATA.format(rows=rows).split(";"):
                connection.execute(statement)
            times = []
            for _ in range(repeats):
                connection.execute("drop table if exists bench.ours, bench.by_hand")
                times.append([_cpu(connection, "ours", ours), _cpu(connection, "by_hand", rating.COMPARISON_BY_HAND)])
            frames = [_frame(connection, side) for side in ("expected", "invoiced")]
        theirs = [_datacompy(*frames) for _ in range(repeats)]
    ours_cost, by_hand = (statistics.median(values) for values in zip(*times, strict=True))
    return Cost(rows, ours_cost, by_hand, statistics.median(theirs))


def page(cost: Cost) -> list[str]:
    """Lines of the page."""
    row = (
        f"| {cost.rows:,} | {cost.ours:.2f} | {cost.by_hand:.2f} | {cost.ours / cost.by_hand:.2f} | "
        f"{cost.datacompy:.2f} | {cost.datacompy / cost.ours:.2f} |"
    )
    return [
        "| rows against rows | tieout, CPU s | one hand-written join, CPU s | ratio | datacompy, CPU s | ratio |",
        "|---:|---:|---:|---:|---:|---:|",
        row,
        "",
        f"Ours may cost {MOST_OF_BY_HAND} times the join; datacompy has to cost {LEAST_OF_DATACOMPY:.0f} times ours.",
        "It has its frames in memory already, with amounts as int64 and quantities as float64, and says of every key",
        "whether it matches; the other two also say why not, and keep what an auditor opens.",
    ]


def _cpu(connection: psycopg.Connection[tuple[object, ...]], name: str, statement: str) -> float:
    before = _used(connection.info.backend_pid)
    connection.execute(f"create unlogged table bench.{name} as {statement}".encode())
    return _used(connection.info.backend_pid) - before


def _used(pid: int) -> float:
    """CPU seconds of a process, in user and kernel mode."""
    fields = Path(f"/proc/{pid}/stat").read_text("utf-8").rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / TICKS


def _frame(connection: psycopg.Connection[tuple[object, ...]], side: str) -> pd.DataFrame:
    rows = connection.execute(
        f"select tracking_key, currency, amount_minor, cast(quantity as double precision) from bench.{side}".encode()
    ).fetchall()
    return pd.DataFrame(rows, columns=COLUMNS)


def _datacompy(left: pd.DataFrame, right: pd.DataFrame) -> float:
    started = time.process_time()
    compared = datacompy.PandasCompare(left, right, join_columns="tracking_key", abs_tol=1)
    if compared.intersect_rows.empty:
        raise RuntimeError("datacompy found no key on both sides")
    return time.process_time() - started
