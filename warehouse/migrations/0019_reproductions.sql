-- What came of building a closed month again from what was known when it was closed.
create table ledger.reproductions (
    entity text not null,
    period date not null,
    reproduction_no bigint not null check (reproduction_no > 0),
    event_no bigint not null,
    is_identical boolean not null,
    line_count bigint not null check (line_count >= 0),
    difference_count bigint not null check (difference_count >= 0),
    first_difference text,
    code_version text not null,
    login text not null,
    reproduced_at timestamptz not null,
    primary key (entity, period, reproduction_no),
    foreign key (entity, event_no) references ledger.period_events,
    constraint what_differs_is_named check (is_identical = (first_difference is null)),
    constraint identical_without_differences check (not is_identical or difference_count = 0)
);
comment on table ledger.reproductions is
'Grain: entity, period, reproduction_no (1, 2, 3 ...). One time a closed month was built again and compared with what '
'was posted. Append-only.';
comment on column ledger.reproductions.event_no is 'The closing that was built again.';
comment on column ledger.reproductions.line_count is 'Lines that the month came out with.';
comment on column ledger.reproductions.difference_count is 'Lines that are not the same; 0 where a digest alone differs.';
comment on column ledger.reproductions.first_difference is 'The first line, or digest, that is not the same.';
comment on column ledger.reproductions.code_version is 'The version that built it again.';

create trigger stays_as_it_is before update or delete or truncate on ledger.reproductions
for each statement execute function ledger.refuse_change();
alter table ledger.reproductions enable always trigger stays_as_it_is;

create function ledger.number_reproduction() returns trigger
language plpgsql security definer
set search_path = pg_catalog
as $$
begin
    perform pg_advisory_xact_lock(hashtextextended('tieout ledger reproductions ' || new.entity, 0));
    select coalesce(max(reproduction_no), 0) + 1 into new.reproduction_no from ledger.reproductions
    where entity = new.entity and period = new.period;
    new.login := session_user;
    new.reproduced_at := clock_timestamp();
    return new;
end
$$;
create trigger takes_its_turn before insert on ledger.reproductions
for each row execute function ledger.number_reproduction();
alter table ledger.reproductions enable always trigger takes_its_turn;

grant insert on ledger.reproductions to tieout_closer;
