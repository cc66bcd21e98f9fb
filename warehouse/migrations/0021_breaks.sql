-- What becomes of breaks between builds. A build says which breaks there are (reconciliation.recon_breaks, made anew);
-- here stands since when, what people did about each, and that nobody changed the record. Events are only ever
-- appended, each chained onto the one before; the state of a break follows from its events and changes in no other way.
create schema recon;
grant usage on schema recon to tieout_transformer, tieout_closer, tieout_auditor, tieout_analyst;
alter default privileges for role tieout_owner in schema recon
grant select on tables to tieout_transformer, tieout_closer, tieout_auditor, tieout_analyst;

create table recon.parameter_versions (
    parameters_sha256 bytea primary key,
    parameters jsonb not null
);
comment on table recon.parameter_versions is
'Grain: parameters_sha256. The registry of controls as runs used it: each content once. Append-only.';

create table recon.runs (
    run_no bigint primary key,
    build_id uuid not null unique,
    status text not null check (status in ('succeeded', 'failed')),
    as_of timestamptz,
    load_seq bigint not null,
    code_version text not null,
    parameters_sha256 bytea references recon.parameter_versions,
    recorded_at timestamptz not null default clock_timestamp(),
    login text not null default session_user,
    constraint a_run_that_succeeded_says_of_what check (
        status = 'failed' or (as_of is not null and parameters_sha256 is not null)
    )
);
comment on table recon.runs is
'Grain: run_no (1, 2, 3 ...), one build. What it was about: data as of, last load, code, parameters. Append-only.';
comment on column recon.runs.as_of is 'The clock of the data: end of the last delivered day.';

create table recon.control_runs (
    run_no bigint not null references recon.runs,
    control_id text not null,
    state text not null check (state in ('ran', 'not in use', 'not run')),
    watermark_on date,
    primary key (run_no, control_id)
);
comment on table recon.control_runs is
'Grain: run_no, control_id. Whether a control ran, and up to which day its inputs were delivered. Append-only.';

create table recon.populations (
    run_no bigint not null references recon.runs,
    control_id text not null,
    comparison text not null,
    currency text not null,
    left_count bigint not null,
    left_minor bigint not null,
    left_quantity numeric not null,
    right_count bigint not null,
    right_minor bigint not null,
    right_quantity numeric not null,
    difference_minor bigint not null,
    open_minor bigint not null,
    expected_minor bigint not null,
    rounding_minor bigint not null,
    residue_minor bigint not null,
    open_count bigint not null,
    primary key (run_no, control_id, comparison, currency),
    constraint the_difference_is_accounted_for check (
        difference_minor = left_minor - right_minor
        and difference_minor = open_minor + expected_minor + rounding_minor + residue_minor
    )
);
comment on table recon.populations is
'Grain: run_no, control_id, comparison, currency. Rows and totals of both sides, and where their difference went; '
'minor units. Append-only.';

create table recon.breaks (
    break_id text primary key,
    control_id text not null,
    comparison text not null,
    class_family text not null,
    tracking_key text not null,
    version integer not null check (version > 0),
    signature text not null,
    status text not null check (
        status in (
            'expected', 'open', 'acknowledged', 'explained', 'in_progress', 'resolved_auto', 'resolved_manual',
            'resolved_forced', 'closed', 'reopened'
        )
    ),
    resolution text check (resolution in ('auto', 'manual', 'forced')),
    break_class text not null,
    severity text not null check (severity in ('S1', 'S2', 'S3', 'S4')),
    cause text not null,
    owner text not null,
    assignee text,
    account_id text,
    currency text,
    amount_minor bigint,
    quantity_delta numeric,
    left_values text,
    right_values text,
    left_ids text,
    right_ids text,
    business_on date not null,
    deadline_on date,
    explained_by text,
    first_seen date not null,
    first_run_no bigint not null references recon.runs,
    opened_on date,
    reopened_count integer not null default 0,
    resolved_run_no bigint references recon.runs,
    last_event_no bigint not null
);
comment on table recon.breaks is
'Grain: break_id. A break as its last event left it. Written by the database when an event is recorded.';
comment on column recon.breaks.version is 'Counts the signatures that the break had.';
comment on column recon.breaks.signature is 'Hash of the values of both sides that break.';
comment on column recon.breaks.owner is 'Who owns breaks of the control; assignee is the person who took this one.';
comment on column recon.breaks.first_seen is 'Day of the data at which it was first seen; kept when it returns.';
comment on column recon.breaks.opened_on is 'Day at which it first counted as a break; null while only expected.';
comment on column recon.breaks.resolved_run_no is 'The run that cleared it, or the last one before a person did.';
create index breaks_live on recon.breaks (control_id) where resolution is null;

create table recon.break_events (
    event_no bigint primary key,
    run_no bigint not null references recon.runs,
    break_id text,
    version integer,
    event text not null check (
        event in (
            'run_recorded', 'detected', 'due', 'changed', 'reclassified', 'cleared', 'returned', 'expired',
            'acknowledged', 'assigned', 'started', 'explained', 'resolved', 'forced', 'closed'
        )
    ),
    status text,
    severity text,
    signature text,
    actor text not null check (btrim(actor) <> ''),
    approver text,
    reason text,
    cause text check (cause ~ '^(TIMING|DATA|MASTER|CONFIG|HUMAN|PARTNER|POLICY|CONTROL)\.[a-z_]+$'),
    amount_minor bigint,
    evidence text,
    expires_on date,
    assignee text,
    content jsonb,
    happened_at timestamptz not null,
    login text not null,
    hash_prev bytea not null,
    hash bytea not null,
    constraint events_are_of_a_break check ((break_id is null) = (event = 'run_recorded')),
    constraint resolving_says_why check (event not in ('resolved', 'forced') or btrim(coalesce(reason, '')) <> ''),
    constraint resolving_a_grave_break_takes_two_people check (
        event not in ('resolved', 'forced') or severity not in ('S1', 'S2')
        or (btrim(coalesce(approver, '')) <> '' and lower(btrim(approver)) <> lower(btrim(actor)))
    ),
    constraint an_explanation_is_whole check (
        event <> 'explained'
        or (
            btrim(coalesce(reason, '')) <> '' and btrim(coalesce(evidence, '')) <> '' and cause is not null
            and expires_on is not null
        )
    ),
    constraint assigning_names_somebody check (event <> 'assigned' or btrim(coalesce(assignee, '')) <> '')
);
comment on table recon.break_events is
'Grain: event_no (1, 2, 3 ...). What happened to a break, or that a run was recorded. Append-only, hash-chained.';
comment on column recon.break_events.status is 'Of the break after the event. Decided by the database.';
comment on column recon.break_events.content is 'The break as the run saw it; of run_recorded the digest of its totals.';
comment on column recon.break_events.amount_minor is 'Explained: how much of the break it covers, left less right.';
comment on column recon.break_events.hash is 'sha256(hash_prev, recon.event_text(...)).';
create index break_events_break on recon.break_events (break_id, version) where break_id is not null;

create table recon.alerts (
    alert_no bigint primary key generated always as identity,
    break_id text not null references recon.breaks,
    version integer not null,
    event_no bigint not null,
    unique (break_id, version)
);
comment on table recon.alerts is
'Grain: break_id, version. A grave break that somebody must be told of: written in the transaction that records it.';

create table recon.alert_deliveries (
    alert_no bigint not null references recon.alerts,
    target text not null,
    attempt_no integer not null check (attempt_no > 0),
    outcome text not null check (outcome in ('sent', 'failed')),
    attempted_at timestamptz not null default clock_timestamp(),
    primary key (alert_no, target, attempt_no)
);
comment on table recon.alert_deliveries is
'Grain: alert_no, target (digest of its address), attempt. An alert is told once its last attempt says sent. '
'Append-only.';


-- What was written stays.
create function recon.refuse_change() returns trigger
language plpgsql
set search_path = pg_catalog
as $$
begin
    raise exception '%.% is append-only: % is refused for every role.', tg_table_schema, tg_table_name, tg_op
    using errcode = 'restrict_violation', hint = 'Record what happened instead: tieout breaks --help.';
end
$$;

do $$
declare
    kept text;
begin
    foreach kept in array array[
        'parameter_versions', 'runs', 'control_runs', 'populations', 'break_events', 'alerts', 'alert_deliveries'
    ] loop
        execute format(
            'create trigger stays_as_it_is before update or delete or truncate on recon.%I '
            'for each statement execute function recon.refuse_change()', kept
        );
        execute format('alter table recon.%I enable always trigger stays_as_it_is', kept);
    end loop;
end
$$;

create function recon.guard_break() returns trigger
language plpgsql
set search_path = pg_catalog
as $$
begin
    -- depth 1 is a statement of somebody; the trigger of recon.break_events comes at depth 2
    if tg_op in ('DELETE', 'TRUNCATE') or pg_trigger_depth() < 2 then
        raise exception 'A break changes by an event alone: % of % is refused for every role.', tg_op, tg_table_name
        using errcode = 'restrict_violation', hint = 'Record what happened instead: tieout breaks --help.';
    end if;
    return null;
end
$$;
create trigger changes_by_events_alone before insert or update or delete or truncate on recon.breaks
for each statement execute function recon.guard_break();
alter table recon.breaks enable always trigger changes_by_events_alone;
create trigger changes_by_events_alone before insert on recon.alerts
for each statement execute function recon.guard_break();
alter table recon.alerts enable always trigger changes_by_events_alone;


create function recon.number_run() returns trigger
language plpgsql security definer
set search_path = pg_catalog
as $$
begin
    perform pg_advisory_xact_lock(hashtextextended('tieout recon', 0));
    select coalesce(max(run_no), 0) + 1 into new.run_no from recon.runs;
    new.recorded_at := clock_timestamp();
    new.login := session_user;
    return new;
end
$$;
create trigger takes_its_turn before insert on recon.runs
for each row execute function recon.number_run();
alter table recon.runs enable always trigger takes_its_turn;


create function recon.event_text(event recon.break_events) returns text
language sql stable
return json_build_array(
    (event).event_no::text, (event).run_no::text, (event).break_id, (event).version::text, (event).event,
    (event).status, (event).severity, (event).signature, (event).actor, (event).approver, (event).reason,
    (event).cause, (event).amount_minor::text, (event).evidence,
    to_char((event).expires_on::timestamp, 'YYYY-MM-DD'), (event).assignee, (event).content::text,
    to_char((event).happened_at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US'), (event).login
)::text;
comment on function recon.event_text is 'An event as its hash sees it: every column but the hashes.';

create function recon.genesis() returns bytea
language sql stable parallel safe
return sha256(convert_to('tieout recon', 'UTF8'));
comment on function recon.genesis() is 'What stands before the first event.';

create function recon.linked(previous bytea, content text) returns bytea
language sql stable parallel safe
return sha256(previous || convert_to(content, 'UTF8'));

create function recon.population_digest(which_run bigint) returns text
language sql stable
return (
    select encode(sha256(convert_to(coalesce(string_agg(
        populations::text, chr(10) order by control_id collate "C", comparison collate "C", currency collate "C"
    ), ''), 'UTF8')), 'hex')
    from recon.populations as populations
    where run_no = which_run
);
comment on function recon.population_digest(bigint) is 'Hash of the totals of a run.';


-- Runs speak for the data, people for themselves: neither records what is the other's to say.
create function recon.check_teller() returns trigger
language plpgsql
set search_path = pg_catalog
as $$
declare
    needed text := case
        when new.event in ('acknowledged', 'assigned', 'started', 'explained', 'resolved', 'forced', 'closed')
            then 'tieout_closer'
        else 'tieout_transformer'
    end;
begin
    if not pg_has_role(current_user, needed, 'member') then
        raise exception '% may not record that a break was %.', current_user, new.event
        using errcode = 'insufficient_privilege';
    end if;
    return new;
end
$$;
create trigger asks_who_tells before insert on recon.break_events
for each row execute function recon.check_teller();
alter table recon.break_events enable always trigger asks_who_tells;

create function recon.take_event() returns trigger
language plpgsql security definer
set search_path = pg_catalog
as $$
declare
    state recon.breaks;
    last record;
    run recon.runs;
    seen date;
    covered bigint;
    is_told boolean := new.event in ('acknowledged', 'assigned', 'started', 'explained', 'resolved', 'forced', 'closed');
begin
    perform pg_advisory_xact_lock(hashtextextended('tieout recon', 0));
    select event_no, hash into last from recon.break_events order by event_no desc limit 1;
    new.event_no := coalesce(last.event_no, 0) + 1;
    new.happened_at := clock_timestamp();
    new.login := session_user;
    if is_told then
        select max(run_no) into new.run_no from recon.runs;
    end if;
    select * into run from recon.runs where run_no = new.run_no;
    -- the end of a day is the midnight after it
    seen := coalesce(
        ((run.as_of at time zone 'UTC') - interval '1 microsecond')::date,
        (select max(((runs.as_of at time zone 'UTC') - interval '1 microsecond')::date) from recon.runs as runs),
        (clock_timestamp() at time zone 'UTC')::date
    );

    if new.break_id is not null then
        select * into state from recon.breaks where break_id = new.break_id;
        if (state.break_id is null) <> (new.event = 'detected') then
            raise exception 'Break % is %.', new.break_id,
                case when state.break_id is null then 'not known' else 'known already' end
            using errcode = 'object_not_in_prerequisite_state', hint = 'See: tieout breaks list --status all';
        end if;
        if is_told then
            new.content := null;
            if state.resolution is not null and new.event <> 'closed' then
                raise exception 'Break % is %: there is nothing to do about it.', new.break_id, state.status
                using errcode = 'object_not_in_prerequisite_state', hint = 'A break that returns is reopened by itself.';
            end if;
            if new.signature is distinct from state.signature then
                raise exception 'Break % has changed since: it is version % now.', new.break_id, state.version
                using errcode = 'serialization_failure', hint = 'Look at it again: tieout breaks show.';
            end if;
        end if;

        case new.event
            when 'detected', 'changed', 'due', 'reclassified', 'returned' then
                new.signature := new.content ->> 'signature';
                new.version := case
                    when state.break_id is null then 1
                    when state.signature <> new.signature then state.version + 1
                    else state.version
                end;
                new.status := case
                    when new.event = 'reclassified' then state.status
                    when new.content ->> 'status' = 'expected' then 'expected'
                    when new.event = 'returned' and state.opened_on is not null then 'reopened'
                    else 'open'
                end;
                state.resolution := null;
                state.resolved_run_no := null;
                if new.status = 'reopened' then
                    state.reopened_count := state.reopened_count + 1;
                end if;
                if state.break_id is null then
                    state.break_id := new.break_id;
                    state.control_id := new.content ->> 'control_id';
                    state.comparison := new.content ->> 'comparison';
                    state.class_family := new.content ->> 'class_family';
                    state.tracking_key := new.content ->> 'tracking_key';
                    state.first_seen := seen;
                    state.first_run_no := new.run_no;
                    state.reopened_count := 0;
                end if;
                state.break_class := new.content ->> 'break_class';
                state.severity := new.content ->> 'severity';
                state.cause := new.content ->> 'cause';
                state.owner := new.content ->> 'owner';
                state.account_id := new.content ->> 'account_id';
                state.currency := new.content ->> 'currency';
                state.amount_minor := (new.content ->> 'amount_minor')::bigint;
                state.quantity_delta := (new.content ->> 'quantity_delta')::numeric;
                state.left_values := new.content ->> 'left_values';
                state.right_values := new.content ->> 'right_values';
                state.left_ids := new.content ->> 'left_ids';
                state.right_ids := new.content ->> 'right_ids';
                state.business_on := (new.content ->> 'business_on')::date;
                state.deadline_on := (new.content ->> 'deadline_on')::date;
                state.explained_by := new.content ->> 'explained_by';
                if state.opened_on is null and new.status <> 'expected' then
                    state.opened_on := seen;
                end if;
            when 'cleared' then
                new.status := 'resolved_auto';
                state.resolution := 'auto';
                state.resolved_run_no := new.run_no;
            when 'expired' then
                new.status := case when state.status = 'explained' then 'open' else state.status end;
            when 'assigned' then
                new.status := state.status;
                state.assignee := new.assignee;
            when 'acknowledged' then
                new.status := 'acknowledged';
            when 'started' then
                new.status := 'in_progress';
            when 'explained' then
                if new.expires_on <= seen then
                    raise exception 'An explanation that expires on % covers nothing: the data is of %.',
                        new.expires_on, seen
                    using errcode = 'check_violation', hint = 'Give a later day.';
                end if;
                select coalesce(sum(events.amount_minor), 0) into covered
                from recon.break_events as events
                where events.break_id = new.break_id and events.version = state.version
                    and events.event = 'explained' and events.expires_on > seen;
                new.amount_minor := coalesce(new.amount_minor, state.amount_minor - covered);
                if (new.amount_minor is null) <> (state.amount_minor is null)
                    or sign(new.amount_minor) <> sign(state.amount_minor)
                    or abs(covered + new.amount_minor) > abs(state.amount_minor)
                then
                    raise exception 'Break % is % minor units, % of them explained: % more cannot be.', new.break_id,
                        coalesce(state.amount_minor::text, 'no'), covered, coalesce(new.amount_minor::text, 'no')
                    using errcode = 'check_violation',
                        hint = 'Amounts are left less right and keep the sign of the break; an explanation covers what '
                        'is left, or part of it.';
                end if;
                new.status := case
                    when state.amount_minor is null or covered + new.amount_minor = state.amount_minor then 'explained'
                    else state.status
                end;
            when 'resolved', 'forced' then
                state.resolution := case new.event when 'resolved' then 'manual' else 'forced' end;
                new.status := 'resolved_' || state.resolution;
                state.resolved_run_no := new.run_no;
            when 'closed' then
                if state.resolution is null or state.status = 'closed' then
                    raise exception 'Break % is %: what is resolved can be closed.', new.break_id, state.status
                    using errcode = 'object_not_in_prerequisite_state', hint = 'First: tieout breaks resolve.';
                end if;
                new.status := 'closed';
        end case;

        if is_told and state.status = 'expected' then
            raise exception 'Break % is only expected: its counterpart may come until %.', new.break_id,
                state.deadline_on
            using errcode = 'object_not_in_prerequisite_state', hint = 'It opens by itself when it is due.';
        end if;
        new.version := coalesce(new.version, state.version);
        new.signature := coalesce(new.signature, state.signature);
        new.severity := state.severity;
        state.version := new.version;
        state.signature := new.signature;
        state.status := new.status;
        state.last_event_no := new.event_no;
        if new.event = 'detected' then
            insert into recon.breaks select state.*;
        else
            update recon.breaks
            set
                version = state.version, signature = state.signature, status = state.status,
                resolution = state.resolution, break_class = state.break_class, severity = state.severity,
                cause = state.cause, owner = state.owner, assignee = state.assignee, account_id = state.account_id,
                currency = state.currency, amount_minor = state.amount_minor, quantity_delta = state.quantity_delta,
                left_values = state.left_values, right_values = state.right_values, left_ids = state.left_ids,
                right_ids = state.right_ids, business_on = state.business_on, deadline_on = state.deadline_on,
                explained_by = state.explained_by, opened_on = state.opened_on,
                reopened_count = state.reopened_count, resolved_run_no = state.resolved_run_no,
                last_event_no = state.last_event_no
            where breaks.break_id = state.break_id;
        end if;
        if new.severity in ('S1', 'S2') and new.status in ('open', 'reopened')
            and new.event in ('detected', 'changed', 'due', 'reclassified', 'returned')
        then
            insert into recon.alerts (break_id, version, event_no)
            values (new.break_id, new.version, new.event_no)
            on conflict do nothing;
        end if;
    end if;

    new.hash_prev := coalesce(last.hash, recon.genesis());
    new.hash := recon.linked(new.hash_prev, recon.event_text(new));
    return new;
end
$$;
create trigger takes_its_turn before insert on recon.break_events
for each row execute function recon.take_event();
alter table recon.break_events enable always trigger takes_its_turn;

grant insert on recon.parameter_versions, recon.runs, recon.control_runs, recon.populations
to tieout_transformer;
grant insert on recon.break_events, recon.alert_deliveries to tieout_transformer, tieout_closer;
grant execute on function
recon.event_text(recon.break_events), recon.genesis(), recon.linked(bytea, text), recon.population_digest(bigint)
to tieout_transformer, tieout_closer, tieout_auditor;
