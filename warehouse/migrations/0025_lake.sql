-- Usage that outgrows Postgres lies as Parquet in a lake. The loads are counted here all the same, and a file of the lake
-- is there for a reader when the load that wrote it has committed its row: nobody lists the lake itself.
alter table ops.loads add column lane text not null default 'postgres' check (lane in ('postgres', 'lake'));
comment on column ops.loads.lane is 'Where the accepted records are: in raw, or in files of ops.lake_files.';

create table ops.lake_files (
    load_id uuid not null,
    load_seq bigint not null,
    delivered_on date not null,
    known_at timestamptz not null default clock_timestamp(),
    occurred_on date not null,
    path text not null unique,
    row_count bigint not null check (row_count > 0),
    size_bytes bigint not null check (size_bytes > 0),
    sha256 text not null check (sha256 ~ '^[0-9a-f]{64}$'),
    primary key (load_id, occurred_on)
);
comment on table ops.lake_files is
'Grain: load_id, occurred_on. The Parquet files of usage events in the lake; a file that is not listed here does not exist for any reader.';
comment on column ops.lake_files.path is 'Below the lake''s root, with / between the parts.';
comment on column ops.lake_files.occurred_on is 'UTC day of the events in it.';
create index lake_files_load_seq on ops.lake_files (load_seq);
create index lake_files_occurred_on on ops.lake_files (occurred_on);

grant insert on ops.lake_files to tieout_loader;
