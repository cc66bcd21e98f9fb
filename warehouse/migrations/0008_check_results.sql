-- Results are kept per expectation and delivery window, so that running the same window again changes nothing.
create table checks.results (
    layer text not null check (layer in ('raw', 'marts')),
    suite text not null,
    expectation text not null,
    dataset text not null,
    severity text not null check (severity in ('block', 'warn')),
    status text not null check (status in ('passed', 'failed', 'crashed')),
    rows_checked bigint check (rows_checked >= 0),
    rows_failed bigint check (rows_failed >= 0),
    window_start date not null,
    window_end date not null,
    message text not null,
    failing_rows_sql text,
    code_version text not null,
    started_at timestamptz not null,
    finished_at timestamptz not null,
    primary key (suite, expectation, window_start, window_end),
    constraint results_window check (window_start < window_end)
);
comment on table checks.results is
'Grain: suite, expectation, delivery window [window_start, window_end). The last verdict; failing_rows_sql retrieves the failing rows.';
create index results_dataset on checks.results (dataset, window_start);
grant select, insert, update, delete on checks.results to tieout_transformer;
grant select on checks.results to tieout_auditor, tieout_closer;
