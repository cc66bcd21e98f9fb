-- Which day an event belongs to is asked of these rows, on every engine, and not of an engine's own zone database.
-- `warehouse.zones` fills them from the pinned tzdata whenever migrations run.
create table ops.tz_transitions (
    zone text not null,
    from_utc timestamptz not null,
    to_utc timestamptz not null,
    utc_offset integer not null check (utc_offset between -86399 and 86399),
    primary key (zone, from_utc),
    check (from_utc < to_utc)
);
comment on table ops.tz_transitions is
'Grain: zone, from_utc. What an IANA zone is ahead of UTC in [from_utc, to_utc); from 1970 to 2199 without gap or overlap.';
comment on column ops.tz_transitions.utc_offset is 'Seconds; local time is UTC plus this.';

create table ops.tz_version (
    version text not null,
    filled_at timestamptz not null default clock_timestamp()
);
create unique index tz_version_once on ops.tz_version ((true));
comment on table ops.tz_version is 'One row: the release of the IANA zone database that ops.tz_transitions holds.';
