create table ops.loads (
    load_id uuid primary key,
    load_seq bigint not null unique check (load_seq > 0),
    system text not null,
    object text not null,
    delivered_on date not null,
    file_name text not null,
    content_sha256 text not null check (content_sha256 ~ '^[0-9a-f]{64}$'),
    size_bytes bigint not null check (size_bytes >= 0),
    rows_in bigint not null check (rows_in >= 0),
    accepted bigint not null check (accepted >= 0),
    duplicate bigint not null check (duplicate >= 0),
    quarantined bigint not null check (quarantined >= 0),
    late_excluded bigint not null check (late_excluded >= 0),
    control_totals jsonb,
    known_at timestamptz not null default clock_timestamp(),
    code_version text not null,
    constraint loads_identity check (rows_in = accepted + duplicate + quarantined + late_excluded),
    constraint loads_delivery unique (system, object, delivered_on, file_name)
);
comment on table ops.loads is 'One row per landed file. Every row that came in is accounted for (loads_identity).';
comment on column ops.loads.load_seq is 'Rises at commit: a reader that saw n will never see a smaller number appear.';
comment on column ops.loads.file_name is 'Path of the file below its delivery date folder.';
comment on column ops.loads.control_totals is 'What the delivery''s manifest declared.';
create index loads_delivered_on on ops.loads (delivered_on);

create table ops.refusals (
    refusal_id bigint generated always as identity primary key,
    system text not null,
    object text not null,
    delivered_on date not null,
    file_name text not null,
    content_sha256 text,
    reason text not null,
    detail text not null,
    refused_at timestamptz not null default clock_timestamp()
);
comment on table ops.refusals is 'One row per file, content and reason for which a delivery was not loaded.';
create unique index refusals_once
on ops.refusals (system, object, delivered_on, file_name, coalesce(content_sha256, ''), reason);

create table quarantine.records (
    load_id uuid not null,
    load_seq bigint not null,
    line_no bigint not null,
    system text not null,
    object text not null,
    delivered_on date not null,
    reason text not null,
    detail text not null,
    raw text not null,
    record_id text,
    known_at timestamptz not null default clock_timestamp(),
    primary key (load_id, line_no)
);
comment on table quarantine.records is 'One row per record that did not enter raw, with the reason and its bytes.';
comment on column quarantine.records.raw is 'The line as it came; bytes that are no UTF-8, and NUL, are written as \x escapes.';
create index records_object on quarantine.records (system, object, delivered_on);

create table ops.builds (
    build_id uuid primary key,
    holder text not null,
    window_start date,
    window_end date,
    from_load_seq bigint not null,
    to_load_seq bigint not null,
    full_refresh boolean not null default false,
    code_version text not null,
    started_at timestamptz not null default clock_timestamp(),
    finished_at timestamptz,
    status text not null check (status in ('running', 'succeeded', 'failed')),
    constraint builds_window check (window_start is null or window_end is null or window_start < window_end),
    constraint builds_loads check (from_load_seq <= to_load_seq),
    constraint builds_finished check ((status = 'running') = (finished_at is null))
);
comment on table ops.builds is
'One row per dbt build: loads in (from_load_seq, to_load_seq] and delivery dates in [window_start, window_end).';
create index builds_started_at on ops.builds (started_at);

grant insert on ops.loads, ops.refusals to tieout_loader;
grant insert on ops.builds to tieout_transformer;
grant update (status, finished_at, to_load_seq) on ops.builds to tieout_transformer;
