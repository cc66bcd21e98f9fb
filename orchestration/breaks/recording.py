"""Recording a run: what a build found, against what is known of each break. One transaction, once a build.

Which breaks there are is a model of dbt (``recon_breaks``); what an event does to a break is decided by the database
(``warehouse/migrations/0021_breaks.sql``). Here stands only which event tells the difference between the two.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, LiteralString
from uuid import UUID

import psycopg

ACTOR = "tieout build"
# Runs and events of people wait for one another, as the triggers do.
LOCK = "select pg_advisory_xact_lock(hashtextextended('tieout recon', 0))"
KNOWN = "select run_no from recon.runs where build_id = %(build_id)s"
PARAMETERS = """
    with parameters as (
        select jsonb_build_object(
            'controls', (
                select jsonb_agg(to_jsonb(rows) order by rows.control_id) from reconciliation.recon_controls as rows
            ),
            'inputs', (
                select jsonb_agg(to_jsonb(rows) order by rows.control_id, rows.system)
                from reconciliation.recon_control_inputs as rows
            ),
            'classes', (
                select jsonb_agg(to_jsonb(rows) order by rows.control_id, rows.break_class)
                from reconciliation.recon_break_classes as rows
            )
        ) as parameters
    ),

    hashed as (
        select parameters, sha256(convert_to(parameters::text, 'UTF8')) as digest
        from parameters
    ),

    kept as (
        insert into recon.parameter_versions (parameters_sha256, parameters)
        select digest, parameters from hashed
        on conflict do nothing
    )

    select digest from hashed
"""
RUN = """
    insert into recon.runs (build_id, status, as_of, load_seq, code_version, parameters_sha256)
    select
        builds.build_id, %(status)s, case when %(status)s = 'succeeded' then clock.as_of_at end, builds.to_load_seq,
        builds.code_version, %(parameters)s::bytea
    from ops.builds as builds
    left join intermediate.int_clock__as_of as clock on true
    where builds.build_id = %(build_id)s
    returning run_no
"""
FAILED_RUN = """
    insert into recon.runs (build_id, status, load_seq, code_version)
    select builds.build_id, 'failed', builds.to_load_seq, builds.code_version
    from ops.builds as builds
    where builds.build_id = %(build_id)s
    returning run_no
"""
CONTROL_RUNS = """
    insert into recon.control_runs (run_no, control_id, state, watermark_on)
    select
        %(run_no)s, control_id,
        case when %(controls)s::text[] is null or lower(control_id) = any(%(controls)s) then state else 'not run' end,
        case when %(controls)s::text[] is null or lower(control_id) = any(%(controls)s) then watermark_on end
    from reconciliation.recon_control_states
"""
POPULATIONS = """
    insert into recon.populations (
        run_no, control_id, comparison, currency, left_count, left_minor, left_quantity, right_count, right_minor,
        right_quantity, difference_minor, open_minor, expected_minor, rounding_minor,
        residue_minor, open_count
    )
    select
        %(run_no)s, control_id, comparison, currency, sum(left_count), sum(left_minor), sum(left_quantity),
        sum(right_count), sum(right_minor), sum(right_quantity), sum(difference_minor), sum(breaks_minor),
        sum(expected_minor), sum(rounding_minor), sum(residue_minor), sum(break_count)
    from reconciliation.recon_control_totals
    where %(controls)s::text[] is null or lower(control_id) = any(%(controls)s)
    group by control_id, comparison, currency
"""
# A break that a person resolved is left alone until newer deliveries still show it; one that was forced, until its
# values change. What nobody resolved and no run shows any more has cleared. A build of some models speaks for the
# controls that it built as a whole (``controls``, lower case; null: all of them) and for nobody else.
CHANGES = """
    with run as (
        select runs.run_no, runs.load_seq, ((runs.as_of at time zone 'UTC') - interval '1 microsecond')::date as seen
        from recon.runs as runs
        where runs.run_no = %(run_no)s
    ),

    covered as (
        select events.break_id, events.version, sum(events.amount_minor) as amount_minor, count(*) as explanations
        from recon.break_events as events
        cross join run
        where events.event = 'explained' and events.expires_on > run.seen
        group by events.break_id, events.version
    ),

    compared as (
        select
            found.break_id,
            found.control_id,
            to_jsonb(found) - 'as_of_at' - 'break_id' as content,
            case
                when known.break_id is null then 'detected'
                when known.resolution = 'auto' then 'returned'
                when known.resolution is not null and known.signature <> found.signature then 'returned'
                when known.resolution = 'manual' and resolved.load_seq < run.load_seq then 'returned'
                when known.resolution is not null then null
                when known.signature <> found.signature then 'changed'
                when known.status = 'expected' and found.status = 'open' then 'due'
                when known.status <> 'expected' and found.status = 'expected' then 'changed'
                when (known.break_class, known.severity, known.cause, known.owner)
                    is distinct from (found.break_class, found.severity, found.cause, found.owner)
                    or known.explained_by is distinct from found.explained_by then 'reclassified'
            end as event
        from reconciliation.recon_breaks as found
        cross join run
        left join recon.breaks as known on found.break_id = known.break_id
        left join recon.runs as resolved on known.resolved_run_no = resolved.run_no
        where %(controls)s::text[] is null or lower(found.control_id) = any(%(controls)s)
    ),

    gone as (
        select known.break_id, known.control_id, null::jsonb as content, 'cleared' as event
        from recon.breaks as known
        where known.resolution is null
            and not exists (select from reconciliation.recon_breaks as found where found.break_id = known.break_id)
            and (
                %(controls)s::text[] is null
                or lower(
                    case
                        when known.control_id = 'P2' and known.tracking_key like '%%|not built'
                            then split_part(known.tracking_key, '|', 1)
                        else known.control_id
                    end
                ) = any(%(controls)s)
            )
    ),

    expired as (
        select known.break_id, known.control_id, null::jsonb as content, 'expired' as event
        from recon.breaks as known
        inner join compared on known.break_id = compared.break_id and compared.event is distinct from 'changed'
        left join covered on known.break_id = covered.break_id and known.version = covered.version
        where known.status = 'explained'
            and (covered.explanations is null or covered.amount_minor is distinct from known.amount_minor)
    ),

    changes as (
        select * from compared where event is not null
        union all
        select * from gone
        union all
        select * from expired
    ),

    told as (
        insert into recon.break_events (run_no, break_id, event, actor, content)
        select %(run_no)s, break_id, event, %(actor)s, content
        from changes
        order by control_id, break_id, event
        returning event
    )

    select event, count(*) from told group by event order by event
"""
# A control that was not built is a break of its own, until a build runs it again.
NOT_RUN = """
    with missing as (
        select
            controls.control_id,
            md5('P2|health|' || controls.control_id || '|not built') as break_id,
            p2.owner
        from reconciliation.recon_controls as controls
        inner join reconciliation.recon_controls as p2 on p2.control_id = 'P2'
        where controls.control_id <> 'P2' and lower(controls.control_id) <> all(%(built)s::text[])
    ),

    told as (
        insert into recon.break_events (run_no, break_id, event, actor, content)
        select
            %(run_no)s, missing.break_id,
            case when known.break_id is null then 'detected' else 'returned' end,
            %(actor)s,
            jsonb_build_object(
                'control_id', 'P2', 'comparison', 'control_health', 'class_family', 'health',
                'tracking_key', missing.control_id || '|not built', 'status', 'open', 'break_class', 'NOT_RUN',
                'severity', 'S1', 'cause', 'DATA.missing_feed', 'owner', missing.owner,
                'signature', md5(missing.control_id),
                'business_on', to_char(runs.recorded_at at time zone 'UTC', 'YYYY-MM-DD')
            )
        from missing
        inner join recon.runs as runs on runs.run_no = %(run_no)s
        left join recon.breaks as known on missing.break_id = known.break_id
        where known.break_id is null or known.resolution is not null
        order by missing.control_id
        returning event
    ),

    states as (
        insert into recon.control_runs (run_no, control_id, state)
        select %(run_no)s, control_id, 'not run' from missing
    )

    select event, count(*) from told group by event order by event
"""
RECORDED = """
    insert into recon.break_events (run_no, event, actor, content)
    select
        %(run_no)s, 'run_recorded', %(actor)s,
        to_jsonb(runs) || jsonb_build_object('populations_sha256', recon.population_digest(runs.run_no))
    from recon.runs as runs
    where runs.run_no = %(run_no)s
"""


# What a control is made of and what all controls have in common, as the models are named.
RELATIONS_OF_CONTROLS = """
    select substring(relname from '^recon_([a-z][0-9])__'), relname
    from pg_class
    where relnamespace = to_regnamespace('reconciliation') and relkind in ('r', 'v') and relname ~ '^recon_[a-z][0-9]__'
"""
OF_ALL_CONTROLS = ("recon_breaks", "recon_control_totals", "recon_control_states")


@dataclass(frozen=True)
class RecordedRun:
    """A run on record. ``events`` counts what happened to breaks, empty when the build was on record already."""

    run_no: int
    events: dict[str, int]


def record_run(
    connection: psycopg.Connection[Any], build_id: UUID, controls: frozenset[str] | None = None
) -> RecordedRun:
    """Record what a build found, of these ``controls`` (lower case) or, without, of all. Again, it changes nothing.

    Breaks of controls that the build did not build stay as they are; the run says of these that they did not run. All
    of it is on record when this returns, or nothing is. Acts as the transformer.
    """
    with connection.transaction():
        connection.execute(LOCK)
        known = connection.execute(KNOWN, {"build_id": build_id}).fetchone()
        if known is not None:
            return RecordedRun(int(known[0]), {})
        parameters = _one(connection, PARAMETERS, {})
        run_no = _one(connection, RUN, {"build_id": build_id, "status": "succeeded", "parameters": parameters})
        told = {"run_no": run_no, "actor": ACTOR, "controls": None if controls is None else sorted(controls)}
        connection.execute(CONTROL_RUNS, told)
        connection.execute(POPULATIONS, told)
        events = _counts(connection, CHANGES, told)
        connection.execute(RECORDED, told)
        return RecordedRun(int(run_no), events)


def record_failed_run(connection: psycopg.Connection[Any], build_id: UUID, models: Mapping[str, str]) -> RecordedRun:
    """Record that a build failed. ``models`` says how each ended; a control not all of whose did well is a break.

    Breaks of other controls stay as they are: nothing is known of them. Before the first build there is nothing to
    record. Acts as the transformer.
    """
    with connection.transaction():
        connection.execute(LOCK)
        known = connection.execute(KNOWN, {"build_id": build_id}).fetchone()
        if known is not None:
            return RecordedRun(int(known[0]), {})
        run_no = _one(connection, FAILED_RUN, {"build_id": build_id})
        told = {"run_no": run_no, "actor": ACTOR}
        events: dict[str, int] = {}
        if _one(connection, "select to_regclass('reconciliation.recon_controls') is not null", {}):
            events = _counts(connection, NOT_RUN, {**told, "built": sorted(_controls_built(models))})
        connection.execute(RECORDED, told)
        return RecordedRun(int(run_no), events)


def controls_built_whole(connection: psycopg.Connection[Any], models: Mapping[str, str]) -> frozenset[str]:
    """Controls, lower case, that a build of some models built as a whole, and whose breaks it built after them.

    ``models`` says how each that was built ended. A control is whole when every relation that it has in the warehouse
    was built; breaks, totals and states, which are of all controls, have to be built, too.
    """
    if any(models.get(name) != "success" for name in OF_ALL_CONTROLS):
        return frozenset()
    relations: dict[str, set[str]] = {}
    for control, name in connection.execute(RELATIONS_OF_CONTROLS):
        relations.setdefault(str(control), set()).add(str(name))
    return frozenset(
        control for control, names in relations.items() if all(models.get(name) == "success" for name in names)
    )


def _controls_built(models: Mapping[str, str]) -> set[str]:
    """Controls, lower case, of which every model ``recon_<control>__<name>`` was built."""
    controls: dict[str, list[str]] = {}
    for model, status in models.items():
        if model.startswith("recon_") and "__" in model:
            controls.setdefault(model.removeprefix("recon_").split("__")[0], []).append(status)
    return {control for control, statuses in controls.items() if set(statuses) == {"success"}}


def _one(connection: psycopg.Connection[Any], query: LiteralString, parameters: dict[str, Any]) -> Any:
    row = connection.execute(query, parameters).fetchone()
    if row is None:
        raise RuntimeError("The build to record is not in ops.builds.")
    return row[0]


def _counts(connection: psycopg.Connection[Any], query: LiteralString, parameters: dict[str, Any]) -> dict[str, int]:
    return {str(event): int(number) for event, number in connection.execute(query, parameters).fetchall()}
