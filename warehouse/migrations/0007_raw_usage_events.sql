create table raw.usage__events (
    load_id uuid not null,
    load_seq bigint not null,
    line_no bigint not null,
    delivered_on date not null,
    known_at timestamptz not null default clock_timestamp(),
    source text not null,
    event_id text not null,
    event_type text not null,
    subject text not null,
    occurred_at timestamptz not null,
    occurred_on date not null,
    recorded_at timestamptz,
    quantity ops.quantity not null,
    dimensions jsonb
) partition by range (occurred_on);
comment on table raw.usage__events is
'Grain: load_id, line_no. Usage events as delivered, one partition per UTC day of the event; repeats are resolved later.';
comment on column raw.usage__events.recorded_at is 'When the producer recorded the event, if it says so.';
comment on column raw.usage__events.dimensions is 'Only the dimensions that the meter declares.';

-- The loader makes the partitions it needs without owning anything. A table is made first and attached then, because
-- "create table ... partition of" would lock out every reader of the usage table.
create function ops.ensure_usage_partition(usage_day date) returns text
language plpgsql
security definer
set search_path = pg_catalog, pg_temp
as $$
declare
    partition_name text := 'usage__events_' || to_char(usage_day, 'YYYYMMDD');
begin
    if usage_day is null or usage_day < date '2000-01-01' or usage_day >= date '2200-01-01' then
        raise exception 'no usage partition for %: outside 2000 to 2199', usage_day using errcode = '22008';
    end if;
    if to_regclass('raw.' || partition_name) is not null then
        return partition_name;
    end if;
    perform pg_advisory_xact_lock(hashtextextended('tieout usage partitions', 0));
    if to_regclass('raw.' || partition_name) is not null then
        return partition_name;
    end if;
    execute format('create table raw.%I (like raw.usage__events including defaults including constraints)', partition_name);
    execute format(
        'alter table raw.usage__events attach partition raw.%I for values from (%L) to (%L)',
        partition_name, usage_day, usage_day + 1
    );
    execute format('create index on raw.%I (load_seq)', partition_name);
    return partition_name;
end
$$;
revoke execute on function ops.ensure_usage_partition(date) from public;
grant execute on function ops.ensure_usage_partition(date) to tieout_loader;
