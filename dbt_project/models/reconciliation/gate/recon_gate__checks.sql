{{ config(materialized='view') }}

with

periods as (
    select * from {{ ref('recon_gate__periods') }}
),

results as (
    select * from {{ ref('stg_checks__results') }}
),

ranked as (
    select
        results.*,
        row_number() over (
            partition by suite, expectation, target, column_name, partition_date order by ran_at desc, run_id desc
        ) as recency
    from results
),

-- The latest word of each blocking check; one without a partition speaks of every month.
final as (
    select
        periods.period_month,
        'checks' as gate,
        cast(null as text) as control_id,
        'xxx' as currency,
        ranked.suite || ': ' || ranked.expectation || ' of ' || ranked.target || coalesce('.' || ranked.column_name, '') || ' fails' as reason,
        coalesce(ranked.unexpected_count, 0) as break_count,
        cast(null as bigint) as amount_minor
    from periods
    inner join ranked
        on
            ranked.partition_date is null
            or (periods.period_month <= ranked.partition_date and periods.inputs_due_on > ranked.partition_date)
    where ranked.recency = 1 and not ranked.success and ranked.severity = 'error'
)

select * from final
