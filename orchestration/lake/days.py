"""The lake lane of one build, from what the loads touched to the rows that Postgres takes over."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from orchestration import dbt_process
from orchestration.engines.duckdb import DuckDb
from orchestration.engines.inputs import export
from orchestration.engines.postgres import warehouse
from orchestration.lake import state
from orchestration.lake.handover import hand_over
from orchestration.lake.plan import Plan, Table, plan
from orchestration.paths import dbt_target
from warehouse.connection import connect
from warehouse.settings import get_settings


class DaysFailed(RuntimeError):
    """dbt could not compute the days of usage; the message holds its own."""


@dataclass(frozen=True)
class Computed:
    """Days that DuckDB computed: its file, the tables to take over, and whether with all rows or the touched ones."""

    path: Path
    tables: tuple[Table, ...]
    from_the_start: bool
    everything: bool


@dataclass
class Days:
    """What the lake lane did: whether from the first event on, and the rows that Postgres took over by table."""

    from_the_start: bool
    rows: dict[str, int] = field(default_factory=dict)


def is_lake_lane() -> bool:
    """Whether usage of this installation lies in the lake."""
    return get_settings().usage_lane == "lake"


def current_plan() -> Plan:
    """The plan of the project as it stands."""
    return plan(json.loads(dbt_process.manifest_path().read_text(encoding="utf-8")))


def left_to_duckdb() -> tuple[str, ...]:
    """Models that Postgres does not build, because it takes over their tables; none in the other lane."""
    return current_plan().names_of_tables if is_lake_lane() else ()


def bring_up_to_date(from_load_seq: int, to_load_seq: int, *, full_refresh: bool = False) -> Days:
    """Compute the days of usage that the running build touches on DuckDB, and let Postgres take them over.

    The build's row in ops.builds is there and runs. ``from_load_seq`` is where the last good build ended: a DuckDB file
    that stands elsewhere, or none, is made anew from the lake. Raises DaysFailed when a model fails, LakeUnreadable
    when the lake does not hold what its list says; Postgres then keeps what it had.
    """
    computed = compute(from_load_seq, to_load_seq, full_refresh=full_refresh)
    return Days(computed.from_the_start, take_over(computed))


def take_over(computed: Computed) -> dict[str, int]:
    """Let Postgres take over what was computed; rows by table."""
    rows = hand_over(computed.path, computed.tables, everything=computed.everything)
    state.end(computed.path)
    return rows


def compute(
    from_load_seq: int, to_load_seq: int, *, full_refresh: bool = False, models: Sequence[str] = ()
) -> Computed:
    """The part of ``bring_up_to_date`` before Postgres takes over; ``models`` computes only these, to measure them."""
    planned = current_plan()
    computed = tuple(table for table in planned.tables if not models or table.relation.name in models)
    path = state.database_file()
    path.parent.mkdir(parents=True, exist_ok=True)
    with connect("transformer", autocommit=True) as connection:
        before, now = state.Listed(connection, from_load_seq), state.Listed(connection, to_load_seq)
        there = all(
            connection.execute("select to_regclass(%s) is not null", (str(table.relation),)).fetchone() == (True,)
            for table in planned.tables
        )
    versions = state.look_for(path, now)
    from_the_start = (
        full_refresh or not there or not state.goes_on(path, before, now, [table.relation for table in computed])
    )
    if from_the_start:
        path.unlink(missing_ok=True)
    everything = state.begin(path) or from_the_start
    state.remember(path, versions)
    database = DuckDb(path)
    with dbt_process.session() as dbt, tempfile.TemporaryDirectory(prefix="tieout-lake-inputs-") as folder:
        # What DuckDB reads of other systems, and, before the first build, the tables that it fills.
        _run(dbt, [f"+{name}" for name in _read_of_postgres(planned)] + ([] if there else list(planned.models)))
        with warehouse() as source:
            files = export(source, planned.inputs, Path(folder))
        database.register(files)
        state.show_events(path, now)
        target = dbt_target().joinpath(database.name)
        _run(
            dbt,
            models or planned.models,
            ("--target", database.name, *(["--full-refresh"] if from_the_start else [])),
            {**database.variables, **state.variables(), "DBT_TARGET_PATH": str(target), "DBT_LOG_PATH": str(target)},
        )
    state.prove(path, now)
    return Computed(path, computed, from_the_start, everything)


def _read_of_postgres(planned: Plan) -> list[str]:
    """Models of Postgres that DuckDB reads; what has landed needs no model."""
    built = ("staging", "intermediate", "marts", "reconciliation")
    return [relation.name for relation in planned.inputs if relation.schema in built]


def _run(
    dbt: dbt_process.Session,
    select: Sequence[str],
    options: Sequence[str] = (),
    variables: dict[str, str] | None = None,
) -> None:
    outcome = dbt.run([*dbt_process.arguments("run", select=select), *options], variables=variables)
    if not outcome.succeeded:
        told = dict.fromkeys(state.in_short(failure) for failure in outcome.failures)
        raise DaysFailed("The days of usage cannot be computed:\n" + "\n".join(told))
