{{ config(materialized='view') }}

with

periods as (
    select * from {{ source('ledger', 'periods') }}
    where status = 'closing'
),

-- The day after the month is the one that its balances are as of.
final as (
    select
        entity,
        period,
        {{ add_months_to_date('period', 1) }} as as_of
    from periods
)

select * from final
