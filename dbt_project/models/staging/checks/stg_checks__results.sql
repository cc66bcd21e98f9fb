with

results as (
    select * from {{ source('checks', 'results') }}
    {{ known_by_as_of('ran_at', 'where') }}
),

final as (
    select
        run_id,
        suite,
        expectation,
        target,
        column_name,
        severity,
        success,
        observed,
        unexpected_count,
        unexpected_sql,
        partition_date,
        ran_at
    from results
)

select * from final
