-- as: login
-- Roles belong to the whole server and may be there already (another database, or an administrator made them).
do $$
declare
    wanted text;
    -- since 16, who makes a role is its administrator, and still has to grant itself the right to act as it
    act_as text := case when current_setting('server_version_num')::int >= 160000 then 'SET' else 'MEMBER' end;
begin
    foreach wanted in array array[
        'tieout_owner', 'tieout_loader', 'tieout_transformer', 'tieout_closer', 'tieout_analyst', 'tieout_auditor'
    ] loop
        if not exists (select from pg_roles where rolname = wanted) then
            begin
                execute format('create role %I nologin', wanted);
            exception when duplicate_object or unique_violation then
                null; -- made by a migration of another database at this moment
            end;
        end if;
        if not pg_has_role(current_user, wanted, act_as) then
            execute format('grant %I to current_user', wanted);
        end if;
    end loop;
    execute format('grant create, connect on database %I to tieout_owner', current_database());
end
$$;

-- Postgres applies these at login; whoever becomes the role by SET ROLE applies them itself (warehouse.connection).
do $$
declare
    setting record;
begin
    for setting in
        select *
        from (values
            ('tieout_owner', 'lock_timeout', '30s'),
            ('tieout_owner', 'idle_in_transaction_session_timeout', '10min'),
            ('tieout_loader', 'statement_timeout', '2h'),
            ('tieout_loader', 'lock_timeout', '1min'),
            ('tieout_loader', 'idle_in_transaction_session_timeout', '15min'),
            ('tieout_transformer', 'statement_timeout', '2h'),
            ('tieout_transformer', 'lock_timeout', '1min'),
            ('tieout_transformer', 'idle_in_transaction_session_timeout', '15min'),
            ('tieout_closer', 'statement_timeout', '15min'),
            ('tieout_closer', 'lock_timeout', '10s'),
            ('tieout_closer', 'idle_in_transaction_session_timeout', '1min'),
            ('tieout_analyst', 'statement_timeout', '5min'),
            ('tieout_analyst', 'lock_timeout', '5s'),
            ('tieout_analyst', 'idle_in_transaction_session_timeout', '2min'),
            ('tieout_auditor', 'statement_timeout', '15min'),
            ('tieout_auditor', 'lock_timeout', '5s'),
            ('tieout_auditor', 'idle_in_transaction_session_timeout', '2min')
        ) as wanted (role_name, name, value)
    loop
        if not exists (
            select
            from pg_roles
            where rolname = setting.role_name
                and coalesce(rolconfig, '{}') @> array[setting.name || '=' || setting.value]
        ) then
            execute format('alter role %I set %I to %L', setting.role_name, setting.name, setting.value);
        end if;
    end loop;
end
$$;

create schema raw authorization tieout_owner;
create schema quarantine authorization tieout_owner;
create schema staging authorization tieout_owner;
create schema intermediate authorization tieout_owner;
create schema marts authorization tieout_owner;
create schema reconciliation authorization tieout_owner;
create schema checks authorization tieout_owner;
create schema close authorization tieout_owner;

-- ops stands already, because the record of migrations is in it
alter schema ops owner to tieout_owner;
alter table ops.migrations owner to tieout_owner;
