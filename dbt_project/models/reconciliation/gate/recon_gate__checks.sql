{{ config(materialized='view') }}

with

periods as (
    select * from {{ ref('recon_gate__periods') }}
),

results as (
    select * from {{ ref('stg_checks__results') }}
),

-- A check that holds the close failed, or could not say, about deliveries of this month.
final as (
    select
        periods.period_month,
        'checks' as gate,
        cast(null as text) as control_id,
        'xxx' as currency,
        results.suite || ': ' || results.expectation || ' of ' || results.dataset || ' ' || results.status as reason,
        coalesce(results.rows_failed, 0) as break_count,
        cast(null as bigint) as amount_minor
    from periods
    inner join results
        on periods.period_month < results.window_end and periods.inputs_due_on > results.window_start
    where results.holds_close and results.status <> 'passed'
)

select * from final
