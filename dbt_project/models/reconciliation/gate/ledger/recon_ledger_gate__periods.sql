{{ config(materialized='view') }}

with

periods as (
    select * from {{ source('ledger', 'periods') }}
    where status <> 'closed'
),

final as (
    select
        entity,
        period as period_month,
        {{ add_months_to_date('period', 1) }} as period_end_on
    from periods
)

select * from final
