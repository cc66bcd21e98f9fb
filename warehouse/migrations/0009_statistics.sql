-- The planner knows nothing of rows that landed a moment ago, and a build starts right after the load. Autovacuum comes
-- too late for that, and never counts a partitioned table as a whole. The loader owns no table, so this runs as the owner.
create function ops.refresh_statistics() returns bigint
language plpgsql
security definer
set search_path = pg_catalog, pg_temp
as $$
declare
    found record;
    refreshed bigint := 0;
begin
    for found in
        select stat.relid::regclass as relation
        from pg_stat_all_tables as stat
        inner join pg_class as class on stat.relid = class.oid
        where stat.schemaname in ('raw', 'quarantine', 'ops') and class.relkind = 'r'
            and stat.n_mod_since_analyze > 50 + greatest(class.reltuples, 0) / 10
        order by stat.relid
    loop
        execute format('analyze %s', found.relation);
        refreshed := refreshed + 1;
    end loop;
    for found in
        select parent.oid::regclass as relation
        from pg_class as parent
        inner join pg_namespace as namespace on parent.relnamespace = namespace.oid
        inner join pg_inherits as link on parent.oid = link.inhparent
        inner join pg_class as leaf on link.inhrelid = leaf.oid
        where namespace.nspname = 'raw' and parent.relkind = 'p'
        group by parent.oid, parent.reltuples
        -- reading samples of every partition is worth it when the whole has grown by half
        having sum(greatest(leaf.reltuples, 0)) > 1.5 * greatest(parent.reltuples, 0)
    loop
        execute format('analyze %s', found.relation);
        refreshed := refreshed + 1;
    end loop;
    return refreshed;
end
$$;
comment on function ops.refresh_statistics() is
'Counts anew the landed tables that changed much since they were last counted; gives how many. Call it after loading.';
revoke execute on function ops.refresh_statistics() from public;
grant execute on function ops.refresh_statistics() to tieout_loader, tieout_transformer;
