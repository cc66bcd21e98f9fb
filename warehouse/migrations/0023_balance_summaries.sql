-- Rows of the processor's own balance reports, by which its balance is proven; the one shape of all delivered records.
create table raw.stripe__balance_summaries (
    load_id uuid not null,
    load_seq bigint not null,
    line_no bigint not null,
    delivered_on date not null,
    known_at timestamptz not null default clock_timestamp(),
    record_id text not null,
    source_updated_at timestamptz,
    record_hash text not null,
    is_deleted boolean not null default false,
    api_version text,
    payload jsonb not null,
    primary key (load_id, line_no)
);
create index on raw.stripe__balance_summaries (record_id);
comment on table raw.stripe__balance_summaries is
'Grain: load_id, line_no. One row per delivered version of a record; only ever added to.';
