-- Filling an index row by row takes a third of a load, making it afterwards next to nothing. So a partition is made
-- without it, and the load that made the partition asks for it at the end, in its own transaction.
create or replace function ops.ensure_usage_partition(usage_day date) returns text
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
    return partition_name;
end
$$;

create function ops.index_usage_partition(usage_day date) returns void
language plpgsql
security definer
set search_path = pg_catalog, pg_temp
as $$
declare
    partition_name text := 'usage__events_' || to_char(usage_day, 'YYYYMMDD');
begin
    if to_regclass('raw.' || partition_name || '_load_seq_idx') is null then
        execute format('create index %I on raw.%I (load_seq)', partition_name || '_load_seq_idx', partition_name);
    end if;
end
$$;
comment on function ops.index_usage_partition(date) is
'Makes the index by load of a usage partition that has none yet. The load that made the partition calls it at its end.';
revoke execute on function ops.index_usage_partition(date) from public;
grant execute on function ops.index_usage_partition(date) to tieout_loader;
