"""What comparing costs in CPU seconds: a million rows with a million beside one hand-written join and datacompy."""

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
COMPARED = ["tracking_key", "currency", "amount_minor", "quantity"]
CARRIED = ["row_id", "account_id", "business_on", "due_on", "evidence"]
TICKS = os.sysconf("SC_CLK_TCK")


@dataclass(frozen=True)
class Cost:
    """CPU seconds of classifying the same rows in three ways."""

    rows: int
    ours: float
    by_hand: float
    datacompy: float
    in_memory: float

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
            _fill(connection, rows)
            times = []
            for _ in range(repeats):
                connection.execute("drop table if exists bench.ours, bench.by_hand")
                times.append(
                    (
                        _cpu(connection, "ours", ours),
                        _cpu(connection, "by_hand", rating.COMPARISON_BY_HAND),
                        *_datacompy(connection),
                    )
                )
    of_ours, by_hand, theirs, in_memory = (statistics.median(values) for values in zip(*times, strict=True))
    return Cost(rows, of_ours, by_hand, theirs, in_memory)


def page(cost: Cost) -> list[str]:
    """Lines of the page."""
    row = (
        f"| {cost.rows:,} | {cost.ours:.2f} | {cost.by_hand:.2f} | {cost.ours / cost.by_hand:.2f} | "
        f"{cost.datacompy:.2f} | {cost.datacompy / cost.ours:.2f} | {cost.in_memory:.2f} |"
    )
    return [
        "| rows each | tieout, CPU s | one hand-written join, CPU s | ratio | datacompy, CPU s | ratio | in memory |",
        "|---:|---:|---:|---:|---:|---:|---:|",
        row,
        "",
        f"Ours may cost {MOST_OF_BY_HAND} times the join; datacompy has to cost {LEAST_OF_DATACOMPY:.0f} times ours.",
        "All three do the same work, exactly: two tables of the warehouse in, one out that classifies every key. The",
        "last column is datacompy without reading and storing. It says which columns differ; the others also why.",
    ]


def _fill(connection: psycopg.Connection[tuple[object, ...]], rows: int) -> None:
    """Two populations of so many rows, in place of those that are there."""
    connection.execute("drop schema if exists bench cascade")
    for statement in rating.COMPARISON_DATA.format(rows=rows).split(";"):
        connection.execute(statement)


def _cpu(connection: psycopg.Connection[tuple[object, ...]], name: str, statement: str) -> float:
    before = _used(connection.info.backend_pid)
    connection.execute(f"create unlogged table bench.{name} as {statement}".encode())
    return _used(connection.info.backend_pid) - before


def _used(pid: int) -> float:
    """CPU seconds of a process, in user and kernel mode."""
    fields = Path(f"/proc/{pid}/stat").read_text("utf-8").rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / TICKS


def _datacompy(connection: psycopg.Connection[tuple[object, ...]]) -> tuple[float, float]:
    """The whole work, the server's share included, and the part of it that has both frames in memory."""
    server, client = _used(connection.info.backend_pid), time.process_time()
    left, right = (_frame(connection, side) for side in ("expected", "invoiced"))
    fetched = time.process_time()
    compared = datacompy.PandasCompare(left, right, join_columns="tracking_key", abs_tol=1)
    in_memory = time.process_time() - fetched
    _keep(connection, compared)
    return time.process_time() - client + _used(connection.info.backend_pid) - server, in_memory


def _keep(connection: psycopg.Connection[tuple[object, ...]], compared: datacompy.PandasCompare) -> None:
    """Store what it says of every key: on one side only, or which columns agree."""
    connection.execute("drop table if exists bench.by_datacompy")
    connection.execute("create unlogged table bench.by_datacompy (tracking_key text, side text, agrees boolean[])")
    columns = ["tracking_key", *(f"{column}_match" for column in COMPARED[1:])]
    both = compared.intersect_rows[columns].itertuples(index=False, name=None)
    with connection.cursor().copy("copy bench.by_datacompy from stdin") as copy:
        for key, *agrees in both:
            copy.write_row((key, "both", agrees))
        for side, rows in (("left", compared.df1_unq_rows), ("right", compared.df2_unq_rows)):
            for key in rows["tracking_key"]:
                copy.write_row((key, side, None))


def _frame(connection: psycopg.Connection[tuple[object, ...]], side: str) -> pd.DataFrame:
    """A side with its exact numbers; what is carried and not compared is named after the side."""
    rows = connection.execute(f"select {', '.join(COMPARED + CARRIED)} from bench.{side}".encode()).fetchall()
    return pd.DataFrame(rows, columns=COMPARED + [f"{column}_{side}" for column in CARRIED])
