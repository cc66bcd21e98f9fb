"""The lake lane of one build, from what the loads touched to the rows that Postgres takes over."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from orchestration import dbt_process
from orchestration.engines.inputs import export
from orchestration.engines.postgres import warehouse
from orchestration.engines.spark import SparkFailed, SparkMissing
from orchestration.lake import state
from orchestration.lake.handover import hand_over
from orchestration.lake.on_duckdb import OnDuckDb
from orchestration.lake.on_spark import OnSpark
from orchestration.lake.plan import Plan, Table, plan
from orchestration.paths import dbt_target
from warehouse.connection import connect
from warehouse.settings import get_settings

# By TIEOUT_LAKE_ENGINE.
ENGINES: dict[str, type[OnDuckDb | OnSpark]] = {"duckdb": OnDuckDb, "spark": OnSpark}


class DaysFailed(RuntimeError):
    """dbt could not compute the days of usage; the message holds its own."""


@dataclass(frozen=True)
class Computed:
    """Days that an engine computed: the DuckDB file that shows the tables to take over, and whether with all rows."""

    path: Path
    engine: OnDuckDb | OnSpark
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


def left_to_the_lake() -> tuple[str, ...]:
    """Models that Postgres does not build, because it takes over their tables; none in the other lane."""
    return current_plan().names_of_tables if is_lake_lane() else ()


def bring_up_to_date(from_load_seq: int, to_load_seq: int, *, full_refresh: bool = False) -> Days:
    """Compute the days of usage that the running build touches on the lake's engine, and let Postgres take them over.

    The build's row in ops.builds is there and runs. ``from_load_seq`` is where the last good build ended: tables of the
    engine that stand elsewhere, or none, are made anew from the lake. Raises DaysFailed when a model fails or Spark
    does not run, LakeUnreadable when the lake does not hold what its list says; Postgres then keeps what it had.
    """
    computed = compute(from_load_seq, to_load_seq, full_refresh=full_refresh)
    return Days(computed.from_the_start, take_over(computed))


def take_over(computed: Computed) -> dict[str, int]:
    """Let Postgres take over what was computed; rows by table."""
    rows = hand_over(computed.path, computed.tables, everything=computed.everything)
    computed.engine.end()
    return rows


def compute(
    from_load_seq: int, to_load_seq: int, *, full_refresh: bool = False, models: Sequence[str] = ()
) -> Computed:
    """The part of ``bring_up_to_date`` before Postgres takes over; ``models`` computes only these, to measure them."""
    planned = current_plan()
    tables = tuple(table for table in planned.tables if not models or table.relation.name in models)
    path = state.database_file()
    path.parent.mkdir(parents=True, exist_ok=True)
    engine = ENGINES[get_settings().lake_engine](path)
    with connect("transformer", autocommit=True) as connection:
        before, now = state.Listed(connection, from_load_seq), state.Listed(connection, to_load_seq)
        there = all(
            connection.execute("select to_regclass(%s) is not null", (str(table.relation),)).fetchone() == (True,)
            for table in planned.tables
        )
    versions = state.look_for(path, now)
    from_the_start = full_refresh or not there or not engine.goes_on(before, now, tables)
    try:
        everything = engine.begin(from_the_start=from_the_start)
        state.remember(path, versions)
        with dbt_process.session() as dbt, engine.folder_of_inputs() as folder:
            # What the engine reads of other systems, and, before the first build, the tables that it fills.
            _run(dbt, [f"+{name}" for name in _read_of_postgres(planned)] + ([] if there else list(planned.models)))
            with warehouse() as source:
                files = export(source, planned.inputs, Path(folder))
            engine.show(files, now)
            target = dbt_target().joinpath(engine.target)
            _run(
                dbt,
                models or planned.models,
                ("--target", engine.target, *(["--full-refresh"] if from_the_start else [])),
                {**engine.variables, "DBT_TARGET_PATH": str(target), "DBT_LOG_PATH": str(target)},
            )
        tables = engine.collect(tables)
    except (SparkMissing, SparkFailed) as error:
        raise DaysFailed(f"The days of usage cannot be computed: {error}") from error
    state.prove(path, now)
    return Computed(path, engine, tables, from_the_start, everything)


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
