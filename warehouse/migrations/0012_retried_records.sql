-- A quarantined record is read again after a fix. What comes of it is a load of its own; the record itself stays as it was.
alter table ops.loads add column retry_of uuid references ops.loads (load_id);
comment on column ops.loads.retry_of is
'The load whose quarantined records this one read again; null for a delivered file. rows_in counts those records again.';
alter table ops.loads add column withheld bigint not null default 0 check (withheld >= 0);
comment on column ops.loads.withheld is
'Personal values (e-mail addresses, telephone numbers, street lines) of accepted records that were not stored.';

create table quarantine.retried (
    load_id uuid not null,
    line_no bigint not null,
    retry_load_id uuid not null references ops.loads (load_id),
    outcome text not null check (outcome in ('accepted', 'duplicate', 'quarantined', 'late_excluded')),
    known_at timestamptz not null default clock_timestamp(),
    primary key (load_id, line_no),
    foreign key (load_id, line_no) references quarantine.records (load_id, line_no)
);
comment on table quarantine.retried is
'One row per quarantined record that was read again with another outcome; it is open no more. One that is still wrong stands in quarantine.records again, under the load of the retry. The key lets no record land twice.';
create index retried_retry_load_id on quarantine.retried (retry_load_id);
