"""A build: one writer, one row in ``ops.builds``, one dbt process.

The row says what the build is about before dbt starts, and the incremental models read it: the loads that came since
the last good build, and the delivery days asked for. So no window travels through dbt's variables.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from time import monotonic
from typing import Any
from uuid import UUID, uuid4

import psycopg

from orchestration import dbt_process
from orchestration.breaks.alerts import send_quietly
from orchestration.breaks.recording import controls_built_whole, record_failed_run, record_run
from orchestration.close.days import refuse_settled_days
from orchestration.code_version import code_version
from orchestration.lake.days import DaysFailed, bring_up_to_date, is_lake_lane, left_to_the_lake
from orchestration.partitions import Window
from warehouse.connection import connect
from warehouse.lock import writer_lock

OPEN_BUILD = """
    insert into ops.builds (
        build_id, holder, window_start, window_end, from_load_seq, to_load_seq, full_refresh, code_version, status
    )
    select
        %(build_id)s, %(holder)s, %(start)s, %(end)s,
        least(built.up_to, landed.up_to), landed.up_to, %(full_refresh)s, %(code_version)s, 'running'
    from (select coalesce(max(to_load_seq), 0) as up_to from ops.builds where status = 'succeeded') as built
    cross join (select coalesce(max(load_seq), 0) as up_to from ops.loads) as landed
    returning from_load_seq, to_load_seq
"""
# A build of some models only leaves the others behind, so the next build must see the same loads again.
CLOSE_BUILD = """
    update ops.builds
    set
        status = %(status)s, finished_at = clock_timestamp(),
        to_load_seq = case when %(partial)s then from_load_seq else to_load_seq end
    where build_id = %(build_id)s
"""
# The lock is ours, so whoever left these is dead.
CLOSE_ABANDONED = "update ops.builds set status = 'failed', finished_at = clock_timestamp() where status = 'running'"


class BuildFailed(RuntimeError):
    """dbt could not build everything; the message names what failed."""


@dataclass
class Build:
    """One build while it runs: loads in (from_load_seq, to_load_seq] and delivery days in ``window``.

    ``models`` is for whoever runs dbt to fill: how each model ended, in dbt's words.
    """

    build_id: UUID
    window: Window | None
    from_load_seq: int
    to_load_seq: int
    models: dict[str, str] = field(default_factory=dict)


@dataclass
class BuildResult:
    """How a build ended. ``nodes`` counts models, seeds and tests by dbt's status."""

    build_id: str
    status: str
    window: str | None
    from_load_seq: int
    to_load_seq: int
    seconds: float
    nodes: dict[str, int] = field(default_factory=dict)
    warnings: list[str] = field(default_factory=list)


@contextmanager
def building(
    holder: str,
    window: Window | None = None,
    *,
    full_refresh: bool = False,
    partial: bool = False,
    wait_seconds: float = 0,
) -> Iterator[Build]:
    """Hold the writer lock around a build, keep its row in ``ops.builds`` and what it found on the record of breaks.

    The row ends ``succeeded`` when the block ends, ``failed`` when it raises. Raises WriterBusy, naming who builds,
    when the lock is not free within ``wait_seconds``, and DaysOfClosedMonth for days of a closed month for which
    nothing new was delivered.
    """
    with writer_lock(holder=holder, wait_seconds=wait_seconds):
        with connect("transformer", autocommit=True) as connection:
            if window is not None:
                refuse_settled_days(connection, window.start, window.end)
            build = _open(connection, holder, window, full_refresh=full_refresh)
        status = "failed"
        try:
            if is_lake_lane() and not partial:
                _days_of_lake(build, full_refresh=full_refresh)
            yield build
            if build.models.get("recon_breaks") == "success":
                with connect("transformer") as connection:
                    controls = controls_built_whole(connection, build.models) if partial else None
                    if controls is None or controls:
                        record_run(connection, build.build_id, controls)
            status = "succeeded"
        finally:
            # a connection of its own: the build may have taken hours
            with connect("transformer", autocommit=True) as connection:
                connection.execute(CLOSE_BUILD, {"status": status, "partial": partial, "build_id": build.build_id})
                if status == "failed" and build.models and not partial:
                    record_failed_run(connection, build.build_id, build.models)
    if build.models and not partial:
        send_quietly()


def build(
    window: Window | None = None,
    *,
    full_refresh: bool = False,
    select: Sequence[str] = (),
    exclude: Sequence[str] = (),
    tests: bool = True,
    on_event: Callable[[dbt_process.Event], None] | None = None,
    holder: str = "tieout build",
) -> BuildResult:
    """Build the models for everything landed since the last good build, and for the delivery days of ``window``.

    ``select`` (dbt's selection syntax) builds some models only, ``exclude`` leaves some of them out; the next whole
    build then sees the same loads again.
    Without ``tests`` the models are built and not tested.
    Raises WriterBusy when somebody else builds, DaysOfClosedMonth as ``building`` does, and BuildFailed with dbt's
    messages when a model or a test of severity error fails.
    """
    started = monotonic()
    with building(holder, window, full_refresh=full_refresh, partial=bool(select or exclude)) as opened:
        outcome = dbt_process.run(
            build_arguments(full_refresh=full_refresh, select=select, exclude=exclude, tests=tests),
            on_event=on_event,
        )
        opened.models.update(outcome.models)
        if not outcome.succeeded:
            raise BuildFailed("\n".join(outcome.failures))
    return BuildResult(
        build_id=str(opened.build_id),
        status="succeeded",
        window=str(window) if window else None,
        from_load_seq=opened.from_load_seq,
        to_load_seq=opened.to_load_seq,
        seconds=round(monotonic() - started, 1),
        nodes=outcome.nodes,
        warnings=outcome.warnings,
    )


def build_arguments(
    *, full_refresh: bool = False, select: Sequence[str] = (), exclude: Sequence[str] = (), tests: bool = True
) -> list[str]:
    """Arguments of `dbt build` on Postgres: in the lake lane without the models whose tables it takes over.

    The tests of these models stay in a whole build: they run on what was taken over.
    """
    taken_over = left_to_the_lake()
    made = dbt_process.arguments(
        "build", full_refresh=full_refresh, select=select, exclude=[*exclude, *taken_over], tests=tests
    )
    if taken_over and not (select or exclude):
        made += ["--indirect-selection", "empty"]
    return made


def _days_of_lake(build: Build, *, full_refresh: bool) -> None:
    try:
        bring_up_to_date(build.from_load_seq, build.to_load_seq, full_refresh=full_refresh)
    except DaysFailed as error:
        raise BuildFailed(str(error)) from error


def _open(connection: psycopg.Connection[Any], holder: str, window: Window | None, *, full_refresh: bool) -> Build:
    connection.execute(CLOSE_ABANDONED)
    build_id = uuid4()
    opened = connection.execute(
        OPEN_BUILD,
        {
            "build_id": build_id,
            "holder": holder,
            "start": window.start if window else None,
            "end": window.end if window else None,
            "full_refresh": full_refresh,
            "code_version": code_version(),
        },
    ).fetchone()
    if opened is None:
        raise RuntimeError("ops.builds took no row")
    return Build(build_id, window, int(opened[0]), int(opened[1]))
