-- A table that is kept from build to build says itself which of its days were changed, by whomever: a build, a lane that
-- hands rows over, or a hand. Who compares its days can then leave the others as they were compared.
create table ops.changed_days (
    reader text not null,
    changed_on date
);
comment on table ops.changed_days is
'Grain: none; a day a statement that changed it. Days that a reader has not looked at since they were changed; the reader takes them out.';
comment on column ops.changed_days.reader is 'Who has to look again: a table, as schema.name.';
comment on column ops.changed_days.changed_on is 'A day with rows that were inserted, updated or deleted; null says every day.';

-- Arguments of the trigger: the reader, and the column that holds the day. The changed rows are named changed_rows.
create function ops.note_changed_days() returns trigger
language plpgsql security definer
set search_path = pg_catalog
as $$
begin
    if tg_op = 'TRUNCATE' then
        insert into ops.changed_days (reader, changed_on) values (tg_argv[0], null);
    else
        execute format(
            'insert into ops.changed_days (reader, changed_on) select distinct %L, %I from changed_rows',
            tg_argv[0], tg_argv[1]
        );
    end if;
    return null;
end
$$;

grant select, delete on ops.changed_days to tieout_transformer;
grant execute on function ops.note_changed_days() to tieout_transformer;
