with

results as (
    select * from {{ source('checks', 'results') }}
    {{ known_by_as_of('finished_at', 'where') }}
),

final as (
    select
        layer,
        suite,
        expectation,
        dataset,
        severity,
        holds_close,
        status,
        rows_checked,
        rows_failed,
        window_start,
        window_end,
        message,
        failing_rows_sql,
        code_version,
        started_at,
        finished_at
    from results
)

select * from final
