-- The books: what was posted stays posted. Lines are only ever appended, into months that are not closed; the rules
-- below
-- hold for every role, the owner included. dbt computes what to post (int_ledger__differences) and never writes here.
-- The schema takes the place of "close", in which nothing was ever kept.
drop schema close;
create schema ledger;
grant usage on schema ledger to tieout_closer, tieout_transformer, tieout_auditor;
alter default privileges for role tieout_owner in schema ledger grant select on tables
to tieout_closer, tieout_transformer, tieout_auditor;

-- Canonical text, the input of every hash: a JSON array of texts, as json.dumps(fields, ensure_ascii=False) writes it.
create function ledger.month_text(day date) returns text
language sql stable parallel safe
return to_char(day::timestamp, 'YYYY-MM');

create function ledger.genesis(entity text, period date) returns bytea
language sql stable parallel safe
return sha256(convert_to(json_build_array(entity, ledger.month_text(period))::text, 'UTF8'));
comment on function ledger.genesis(text, date) is 'What stands before the first line of an entity and month.';

create function ledger.event_genesis(entity text) returns bytea
language sql stable parallel safe
return sha256(convert_to(json_build_array(entity)::text, 'UTF8'));
comment on function ledger.event_genesis(text) is 'What stands before the first event of an entity.';

create function ledger.line_text(
    entity text, posted_period date, sequence bigint, original_period date, entry_key text, revision bigint,
        line_ref text,
    source_system text, source_id text, rule text, rule_version bigint, customer_id text, customer_sequence bigint,
    invoice_id text, invoice_line_id text, booked_on date, account text, currency text, amount_minor bigint,
    functional_currency text, functional_minor bigint
) returns text
language sql stable parallel safe
return json_build_array(
    entity, ledger.month_text(posted_period), sequence::text, ledger.month_text(original_period), entry_key,
        revision::text,
    line_ref, source_system, source_id, rule, rule_version::text, customer_id, customer_sequence::text, invoice_id,
    invoice_line_id, to_char(booked_on::timestamp, 'YYYY-MM-DD'), account, currency, amount_minor::text,
        functional_currency,
    functional_minor::text
)::text;
comment on function ledger.line_text is 'A line as its hash sees it: every column but the posting it came with.';

create function ledger.linked(previous bytea, content text) returns bytea
language sql stable parallel safe
return sha256(previous || convert_to(content, 'UTF8'));
comment on function ledger.linked(bytea, text) is 'Hash of a link of the chain: of the hash before it and its own '
'content.';

create function ledger.next_link(state bytea, head bytea, content text) returns bytea
language plpgsql immutable parallel safe
set search_path = pg_catalog
as $$
begin
    return sha256(coalesce(state, head) || convert_to(content, 'UTF8'));
end
$$;
create aggregate ledger.chain(bytea, text) (sfunc = ledger.next_link, stype = bytea);
comment on aggregate ledger.chain(bytea, text) is
'Over rows in order: the hash of each, chained onto the one before it, the first onto the head that is given.';


create table ledger.periods (
    entity text not null check (entity <> ''),
    period date not null check (extract(day from period) = 1),
    status text not null check (status in ('open', 'closing', 'closed')),
    primary key (entity, period)
);
comment on table ledger.periods is
'Grain: entity, month (its first day). Its status follows from ledger.period_events and changes in no other way.';

create table ledger.period_events (
    entity text not null,
    event_no bigint not null,
    period date not null,
    event text not null check (event in ('opened', 'closing', 'closed', 'reopened')),
    preparer text not null check (btrim(preparer) <> ''),
    approver text,
    reason text,
    happened_at timestamptz not null,
    login text not null,
    code_version text,
    as_of timestamptz,
    load_seq bigint,
    evidence jsonb,
    line_count bigint,
    chain_head bytea,
    trial_balance_sha256 bytea,
    hash_prev bytea not null,
    hash bytea not null,
    primary key (entity, event_no),
    foreign key (entity, period) references ledger.periods,
    constraint closing_and_reopening_take_two_people check (
        event not in ('closed', 'reopened')
        or (btrim(coalesce(approver, '')) <> '' and lower(btrim(preparer)) <> lower(btrim(approver)))
    ),
    constraint reopening_says_why check (event <> 'reopened' or btrim(coalesce(reason, '')) <> ''),
    constraint closed_with_its_digests check (
        (event = 'closed') = (line_count is not null and chain_head is not null and trial_balance_sha256 is not null)
    ),
    constraint closed_by_known_code check (event <> 'closed' or code_version is not null)
);
comment on table ledger.period_events is
'Grain: entity, event_no (1, 2, 3 ...). Who opened, closed or reopened a month, who approved it, why and when. '
'Append-only.';
comment on column ledger.period_events.login is 'The database login that wrote the event; people are as they were '
'named.';
comment on column ledger.period_events.as_of is 'Closed: everything known by then was taken into account.';
comment on column ledger.period_events.load_seq is 'Closed: the last load that was taken into account.';
comment on column ledger.period_events.evidence is 'Closed: deliveries by system, the gates and how each stood.';
comment on column ledger.period_events.line_count is 'Closed: lines of the month. Counted by the database.';
comment on column ledger.period_events.chain_head is 'Closed: hash of the last line of the month. Read by the '
'database.';
comment on column ledger.period_events.trial_balance_sha256 is
'Closed: hash of the balances at the end of the month (ledger.balances). Computed by the database.';

create table ledger.account_mappings (
    entity text not null,
    account text not null check (account <> ''),
    valid_from date not null check (extract(day from valid_from) = 1),
    revision bigint not null check (revision > 0),
    gl_account text not null check (btrim(gl_account) <> ''),
    gl_name text not null check (btrim(gl_name) <> ''),
    added_by text not null check (btrim(added_by) <> ''),
    added_at timestamptz not null default clock_timestamp(),
    primary key (entity, account, valid_from, revision)
);
comment on table ledger.account_mappings is
'Grain: entity, account, valid_from, revision. GL account of an account from a month on; the last revision counts. '
'Append-only.';

create table ledger.postings (
    entity text not null,
    posting_no bigint not null check (posting_no > 0),
    through_period date not null check (extract(day from through_period) = 1),
    posted_by text not null check (btrim(posted_by) <> ''),
    code_version text not null,
    posted_at timestamptz not null default clock_timestamp(),
    primary key (entity, posting_no)
);
comment on table ledger.postings is
'Grain: entity, posting_no (1, 2, 3 ...). One run that posted: through which month, by whom, when, with which code. '
'Append-only.';

create table ledger.journal_lines (
    line_id uuid not null generated always as (
        md5(
            entity || chr(31) || entry_key || chr(31) || revision::text || chr(31) || line_ref || chr(31) || account
            || chr(31) || currency || chr(31) || functional_currency || chr(31) || coalesce(customer_id, chr(30))
            || chr(31) || coalesce(invoice_id, chr(30)) || chr(31) || coalesce(invoice_line_id, chr(30))
        )::uuid
    ) stored,
    entity text not null,
    posted_period date not null,
    sequence bigint not null check (sequence > 0),
    original_period date not null check (extract(day from original_period) = 1),
    entry_key text not null check (entry_key <> ''),
    revision bigint not null check (revision > 0),
    line_ref text not null,
    source_system text not null,
    source_id text not null,
    rule text not null,
    rule_version bigint not null,
    customer_id text,
    customer_sequence bigint not null check (customer_sequence > 0),
    invoice_id text,
    invoice_line_id text,
    booked_on date,
    account text not null,
    currency text not null check (currency ~ '^[a-z]{3}$'),
    amount_minor bigint not null,
    functional_currency text not null check (functional_currency ~ '^[a-z]{3}$'),
    functional_minor bigint not null,
    posting_no bigint not null,
    hash_prev bytea not null,
    hash bytea not null,
    primary key (line_id),
    unique (entity, posted_period, sequence),
    unique nulls not distinct (entity, customer_id, customer_sequence),
    foreign key (entity, posted_period) references ledger.periods,
    foreign key (entity, posting_no) references ledger.postings,
    constraint a_line_has_an_amount check (amount_minor <> 0 or functional_minor <> 0),
    constraint nothing_is_posted_before_its_month check (original_period <= posted_period)
);
comment on table ledger.journal_lines is
'Grain: line_id, one line of a double entry; also entity, posted_period, sequence. Append-only, hash-chained by '
'month. Debit is positive, credit negative, in minor units of the currency beside it.';
comment on column ledger.journal_lines.line_id is 'Follows from what the line says (entry, revision, line, account, '
'currencies).';
comment on column ledger.journal_lines.posted_period is 'Month whose books hold the line.';
comment on column ledger.journal_lines.original_period is 'Month that the fact belongs to; earlier than '
'posted_period for late facts.';
comment on column ledger.journal_lines.sequence is 'Position within entity and month: 1, 2, 3 ...';
comment on column ledger.journal_lines.revision is 'An entry that changes after it was posted gets its difference '
'posted as the next revision.';
comment on column ledger.journal_lines.customer_sequence is 'Position among all lines of the customer: 1, 2, 3 ...';
comment on column ledger.journal_lines.hash is 'sha256(hash_prev, ledger.line_text(...)).';
create index journal_lines_entry on ledger.journal_lines (entity, entry_key, revision);
create index journal_lines_posting on ledger.journal_lines (entity, posting_no);

create table ledger.balances (
    entity text not null,
    event_no bigint not null,
    period date not null,
    account text not null,
    currency text not null,
    functional_currency text not null,
    movement_minor bigint not null,
    balance_minor bigint not null,
    functional_movement_minor bigint not null,
    functional_balance_minor bigint not null,
    primary key (entity, event_no, account, currency, functional_currency),
    foreign key (entity, event_no) references ledger.period_events
);
comment on table ledger.balances is
'Grain: entity, event_no (a closing), account, currency, functional_currency. Trial balance of a month as it was '
'closed; movement of the month, balance at its end. Debit is positive. Written by the database when a month is closed.';
create index balances_period on ledger.balances (entity, period);

-- Rows to check at commit; empty outside a transaction.
create table ledger.unchecked_postings (
    entity text not null,
    posting_no bigint not null,
    primary key (entity, posting_no)
);
comment on table ledger.unchecked_postings is
'Grain: entity, posting_no. Postings that got lines in a running transaction; a deferred trigger weighs each and '
'takes it out.';
revoke all on ledger.unchecked_postings from tieout_closer, tieout_transformer, tieout_auditor;


-- What was written stays.
create function ledger.refuse_change() returns trigger
language plpgsql
set search_path = pg_catalog
as $$
begin
    raise exception '%.% is append-only: % is refused for every role.', tg_table_schema, tg_table_name, tg_op
    using errcode = 'restrict_violation',
        hint = 'Correct the source and post the difference into the open month: tieout close run.';
end
$$;

do $$
declare
    kept text;
begin
    foreach kept in array array['period_events', 'account_mappings', 'postings', 'journal_lines', 'balances'] loop
        execute format(
            'create trigger stays_as_it_is before update or delete or truncate on ledger.%I '
            'for each statement execute function ledger.refuse_change()', kept
        );
        execute format('alter table ledger.%I enable always trigger stays_as_it_is', kept);
    end loop;
end
$$;

create function ledger.guard_period() returns trigger
language plpgsql
set search_path = pg_catalog
as $$
begin
    -- depth 1 is a statement of somebody; the trigger of ledger.period_events comes at depth 2
    if tg_op in ('DELETE', 'TRUNCATE') or pg_trigger_depth() < 2 then
        raise exception 'The status of a month changes by an event alone: % of ledger.periods is refused for every '
        'role.', tg_op
        using errcode = 'restrict_violation',
            hint = 'tieout close run closes a month, tieout close reopen opens it again.';
    end if;
    return null;
end
$$;
create trigger changes_by_events_alone before insert or update or delete or truncate on ledger.periods
for each statement execute function ledger.guard_period();
alter table ledger.periods enable always trigger changes_by_events_alone;


-- Events: the state machine, and what a closing records of the books.
create function ledger.take_event() returns trigger
language plpgsql security definer
set search_path = pg_catalog
as $$
declare
    state text;
    other date;
    last record;
begin
    perform pg_advisory_xact_lock(hashtextextended('tieout ledger events ' || new.entity, 0));
    select status into state from ledger.periods where entity = new.entity and period = new.period for update;

    if new.event = 'opened' then
        select max(period) into other from ledger.periods where entity = new.entity;
        if state is not null then
            raise exception 'Month % of % is there already; it is %.', ledger.month_text(new.period), new.entity, state
            using errcode = 'object_not_in_prerequisite_state';
        elsif other is not null and new.period <> (other + interval '1 month')::date then
            raise exception 'Months follow one another: after % of % comes %, not %.', ledger.month_text(other),
                new.entity,
                ledger.month_text((other + interval '1 month')::date), ledger.month_text(new.period)
            using errcode = 'object_not_in_prerequisite_state';
        end if;
        insert into ledger.periods (entity, period, status) values (new.entity, new.period, 'open');
    elsif state is null then
        raise exception 'Month % of % was never opened.', ledger.month_text(new.period), new.entity
        using errcode = 'object_not_in_prerequisite_state';
    elsif new.event = 'closing' then
        if state = 'closed' then
            raise exception 'Month % of % is closed already.', ledger.month_text(new.period), new.entity
            using errcode = 'object_not_in_prerequisite_state',
                hint = 'Late facts post into the open month. To change this one: tieout close reopen.';
        end if;
        select min(period) into other from ledger.periods
        where entity = new.entity and period < new.period and status <> 'closed';
        if other is not null then
            raise exception 'Months are closed in order: % of % is not closed yet.', ledger.month_text(other),
                new.entity
            using errcode = 'object_not_in_prerequisite_state';
        end if;
        update ledger.periods set status = 'closing' where entity = new.entity and period = new.period;
    elsif new.event = 'closed' then
        if state <> 'closing' then
            raise exception 'Month % of % is %; only a month that is closing can be closed.',
                ledger.month_text(new.period),
                new.entity, state
            using errcode = 'object_not_in_prerequisite_state';
        end if;
        update ledger.periods set status = 'closed' where entity = new.entity and period = new.period;
    else
        if state = 'open' then
            raise exception 'Month % of % is open.', ledger.month_text(new.period), new.entity
            using errcode = 'object_not_in_prerequisite_state';
        end if;
        select max(period) into other from ledger.periods
        where entity = new.entity and period > new.period and status = 'closed';
        if other is not null then
            raise exception 'Months are reopened from the last one back: % of % is closed.', ledger.month_text(other),
                new.entity
            using errcode = 'object_not_in_prerequisite_state';
        end if;
        update ledger.periods set status = 'open' where entity = new.entity and period = new.period;
    end if;

    select event_no, hash into last from ledger.period_events
    where entity = new.entity
    order by event_no desc
    limit 1;
    new.event_no := coalesce(last.event_no, 0) + 1;
    new.happened_at := clock_timestamp();
    new.login := session_user;
    -- what the database knows better than who asks
    new.line_count := null;
    new.chain_head := null;
    new.trial_balance_sha256 := null;
    if new.event = 'closed' then
        select count(*) into new.line_count from ledger.journal_lines
        where entity = new.entity and posted_period = new.period;
        select lines.hash into new.chain_head from ledger.journal_lines as lines
        where lines.entity = new.entity and lines.posted_period = new.period
        order by lines.sequence desc
        limit 1;
        new.chain_head := coalesce(new.chain_head, ledger.genesis(new.entity, new.period));
        select sha256(convert_to(coalesce(string_agg(ledger.balance_text(
            balances.account, balances.currency, balances.functional_currency, balances.balance_minor,
            balances.functional_balance_minor
        ), chr(10) order by account collate "C", currency collate "C", functional_currency collate "C"), ''), 'UTF8'))
        into new.trial_balance_sha256
        from ledger.balances_at_close(new.entity, new.period) as balances;
    end if;
    new.hash_prev := coalesce(last.hash, ledger.event_genesis(new.entity));
    new.hash := ledger.linked(new.hash_prev, ledger.event_text(new));
    return new;
end
$$;

create function ledger.balance_text(
    account text, currency text, functional_currency text, balance_minor bigint, functional_balance_minor bigint
) returns text
language sql stable parallel safe
return json_build_array(account, currency, functional_currency, balance_minor::text,
    functional_balance_minor::text)::text;

-- The month's movements on top of the balances that the month before was closed with: the cost is one month, not the
-- history.
create function ledger.balances_at_close(which_entity text, which_period date)
returns table (
    account text, currency text, functional_currency text, movement_minor bigint, balance_minor bigint,
    functional_movement_minor bigint, functional_balance_minor bigint
)
language sql stable
set search_path = pg_catalog
as $$
    with before as (
        select balances.account, balances.currency, balances.functional_currency,
            balances.balance_minor as balance_minor, balances.functional_balance_minor as functional_balance_minor
        from ledger.balances as balances
        where balances.entity = which_entity
            and balances.event_no = (
                select max(events.event_no) from ledger.period_events as events
                where events.entity = which_entity and events.event = 'closed'
                    and events.period = (which_period - interval '1 month')::date
            )
    ),
    movements as (
        select lines.account, lines.currency, lines.functional_currency,
            sum(lines.amount_minor) as movement_minor, sum(lines.functional_minor) as functional_movement_minor
        from ledger.journal_lines as lines
        where lines.entity = which_entity and lines.posted_period = which_period
        group by 1, 2, 3
    )
    select account, currency, functional_currency,
        coalesce(movements.movement_minor, 0)::bigint,
        (coalesce(before.balance_minor, 0) + coalesce(movements.movement_minor, 0))::bigint,
        coalesce(movements.functional_movement_minor, 0)::bigint,
        (coalesce(before.functional_balance_minor, 0) + coalesce(movements.functional_movement_minor, 0))::bigint
    from before
    full join movements using (account, currency, functional_currency)
$$;

create function ledger.event_text(event ledger.period_events) returns text
language sql stable
return json_build_array(
    (event).entity, (event).event_no::text, ledger.month_text((event).period), (event).event, (event).preparer,
    (event).approver, (event).reason,
    to_char((event).happened_at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US'), (event).login, (event).code_version,
    to_char((event).as_of at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US'), (event).load_seq::text,
        (event).evidence::text,
    (event).line_count::text, encode((event).chain_head, 'hex'), encode((event).trial_balance_sha256, 'hex')
)::text;

create trigger takes_its_turn before insert on ledger.period_events
for each row execute function ledger.take_event();
alter table ledger.period_events enable always trigger takes_its_turn;

create function ledger.keep_balances() returns trigger
language plpgsql security definer
set search_path = pg_catalog
as $$
begin
    insert into ledger.balances (
        entity, event_no, period, account, currency, functional_currency, movement_minor, balance_minor,
        functional_movement_minor, functional_balance_minor
    )
    select new.entity, new.event_no, new.period, made.*
    from ledger.balances_at_close(new.entity, new.period) as made;
    return null;
end
$$;
create trigger keeps_balances after insert on ledger.period_events
for each row when (new.event = 'closed') execute function ledger.keep_balances();
alter table ledger.period_events enable always trigger keeps_balances;


-- A mapping must not change what a closed month was transferred under.
create function ledger.take_mapping() returns trigger
language plpgsql security definer
set search_path = pg_catalog
as $$
declare
    closed date;
begin
    perform pg_advisory_xact_lock(hashtextextended('tieout ledger mappings ' || new.entity, 0));
    perform 1 from ledger.periods where entity = new.entity and period >= new.valid_from for share;
    select max(period) into closed from ledger.periods
    where entity = new.entity and period >= new.valid_from and status = 'closed';
    if closed is not null then
        raise exception 'Account % cannot be mapped anew from %: % of % is closed.', new.account,
            ledger.month_text(new.valid_from), ledger.month_text(closed), new.entity
        using errcode = 'object_not_in_prerequisite_state', hint = 'Let the mapping begin in the first open month.';
    end if;
    select coalesce(max(revision), 0) + 1 into new.revision from ledger.account_mappings
    where entity = new.entity and account = new.account and valid_from = new.valid_from;
    return new;
end
$$;
create trigger takes_its_turn before insert on ledger.account_mappings
for each row execute function ledger.take_mapping();

create function ledger.number_posting() returns trigger
language plpgsql security definer
set search_path = pg_catalog
as $$
begin
    perform pg_advisory_xact_lock(hashtextextended('tieout ledger postings ' || new.entity, 0));
    select coalesce(max(posting_no), 0) + 1 into new.posting_no from ledger.postings where entity = new.entity;
    return new;
end
$$;
create trigger takes_its_turn before insert on ledger.postings
for each row execute function ledger.number_posting();


-- Lines: into open months alone, under mapped accounts, chained, and balanced at commit.
create function ledger.take_lines() returns trigger
language plpgsql security definer
set search_path = pg_catalog
as $$
declare
    line record;
    missing text;
begin
    -- The share lock makes a close wait for this transaction; a close that came first makes this statement wait, and
    -- the row is then read again as it left it.
    for line in
        select periods.entity, periods.period, periods.status
        from ledger.periods as periods
        where (periods.entity, periods.period) in (select entity, posted_period from new_lines)
        order by periods.entity, periods.period
        for share
    loop
        if line.status = 'closed' then
            raise exception 'Month % of % is closed: nothing can be posted into it.', ledger.month_text(line.period),
                line.entity
            using errcode = 'object_not_in_prerequisite_state',
                hint = 'Late facts post into the open month: tieout close run. To change this one: tieout close '
                'reopen.';
        end if;
    end loop;

    select string_agg(distinct lines.account, ', ' order by lines.account) into missing
    from (select distinct entity, account, posted_period from new_lines) as lines
    where not exists (
        select from ledger.account_mappings as mappings
        where mappings.entity = lines.entity and mappings.account = lines.account
            and mappings.valid_from <= lines.posted_period
    );
    if missing is not null then
        raise exception 'Accounts without a GL account: %.', missing
        using errcode = 'object_not_in_prerequisite_state', hint = 'Map them: tieout close accounts --from FILE.';
    end if;

    with chained as (
        select lines.entity, lines.posted_period, lines.sequence, lines.hash_prev, lines.hash,
            lag(lines.sequence) over positions as sequence_before, lag(lines.hash) over positions as hash_before,
            ledger.line_text(
                lines.entity, lines.posted_period, lines.sequence, lines.original_period, lines.entry_key,
                    lines.revision,
                lines.line_ref, lines.source_system, lines.source_id, lines.rule, lines.rule_version, lines.customer_id,
                lines.customer_sequence, lines.invoice_id, lines.invoice_line_id, lines.booked_on, lines.account,
                lines.currency, lines.amount_minor, lines.functional_currency, lines.functional_minor
            ) as content
        from new_lines as lines
        window positions as (partition by lines.entity, lines.posted_period order by lines.sequence)
    )
    select chained.entity, chained.posted_period, chained.sequence into line
    from chained
    left join ledger.journal_lines as earlier
        on chained.sequence_before is null and chained.entity = earlier.entity
            and chained.posted_period = earlier.posted_period and chained.sequence - 1 = earlier.sequence
    where chained.hash is distinct from ledger.linked(chained.hash_prev, chained.content)
        or (chained.sequence_before is not null and chained.sequence <> chained.sequence_before + 1)
        or chained.hash_prev is distinct from coalesce(
            chained.hash_before,
            earlier.hash,
            case when chained.sequence = 1 then ledger.genesis(chained.entity, chained.posted_period) end
        )
    order by 1, 2, 3
    limit 1;
    if line.entity is not null then
        raise exception 'Line % of % in % does not follow from the line before it.', line.sequence, line.entity,
            ledger.month_text(line.posted_period)
        using errcode = 'integrity_constraint_violation';
    end if;

    insert into ledger.unchecked_postings (entity, posting_no)
    select distinct entity, posting_no from new_lines
    on conflict do nothing;
    return null;
end
$$;
create trigger takes_lines after insert on ledger.journal_lines
referencing new table as new_lines
for each statement execute function ledger.take_lines();
alter table ledger.journal_lines enable always trigger takes_lines;

create function ledger.weigh_posting() returns trigger
language plpgsql security definer
set search_path = pg_catalog
as $$
declare
    odd record;
begin
    delete from ledger.unchecked_postings where entity = new.entity and posting_no = new.posting_no;
    select lines.entry_key, lines.currency, 'currency' as what, sum(lines.amount_minor) as off into odd
    from ledger.journal_lines as lines
    where lines.entity = new.entity and lines.posting_no = new.posting_no
    group by lines.entry_key, lines.posted_period, lines.currency
    having sum(lines.amount_minor) <> 0
    union all
    select lines.entry_key, lines.functional_currency, 'functional currency', sum(lines.functional_minor)
    from ledger.journal_lines as lines
    where lines.entity = new.entity and lines.posting_no = new.posting_no
    group by lines.entry_key, lines.posted_period, lines.functional_currency
    having sum(lines.functional_minor) <> 0
    order by 1, 3
    limit 1;
    if odd.entry_key is not null then
        raise exception 'Entry % does not balance in its % %: debits less credits are % minor units.', odd.entry_key,
            odd.what,
            odd.currency, odd.off
        using errcode = 'integrity_constraint_violation';
    end if;
    return null;
end
$$;
create constraint trigger balances_at_commit after insert on ledger.unchecked_postings
deferrable initially deferred
for each row execute function ledger.weigh_posting();
alter table ledger.unchecked_postings enable always trigger balances_at_commit;


grant insert on ledger.period_events, ledger.account_mappings, ledger.postings, ledger.journal_lines to tieout_closer;
grant execute on function
ledger.month_text(date), ledger.genesis(text, date), ledger.event_genesis(text), ledger.linked(bytea, text),
ledger.next_link(bytea, bytea, text), ledger.chain(bytea, text), ledger.event_text(ledger.period_events),
ledger.balance_text(text, text, text, bigint, bigint), ledger.balances_at_close(text, date),
ledger.line_text(
    text, date, bigint, date, text, bigint, text, text, text, text, bigint, text, bigint, text, text, date, text,
        text, bigint,
    text, bigint
)
to tieout_closer, tieout_transformer, tieout_auditor;
