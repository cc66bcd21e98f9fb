create table checks.results (
    run_id text not null,
    suite text not null,
    expectation text not null,
    target text not null,
    column_name text,
    severity text not null check (severity in ('info', 'warn', 'error')),
    success boolean not null,
    observed text,
    unexpected_count bigint check (unexpected_count >= 0),
    unexpected_sql text,
    partition_date date,
    ran_at timestamptz not null default clock_timestamp()
);
comment on table checks.results is
'Grain: run_id, suite, expectation, target, column_name. What each expectation said; unexpected_sql retrieves the failing rows.';
create index results_run on checks.results (run_id);
create index results_target on checks.results (target, partition_date);
grant insert on checks.results to tieout_transformer;
