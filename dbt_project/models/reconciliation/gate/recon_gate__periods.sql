{{ config(materialized='view') }}

with

billings as (
    select * from {{ ref('recon_monthly_billings') }}
),

books as (
    select * from {{ source('ledger', 'periods') }}
),

-- A month of the books is asked about even when nothing was billed in it.
months as (
    select period_month from billings
    union
    select period as period_month from books
),

-- A month's inputs are complete two days after its end: the grace that usage has before it is invoiced.
final as (
    select
        period_month,
        {{ add_months_to_date('period_month', 1) }} as period_end_on,
        {{ add_days(add_months_to_date('period_month', 1), 2) }} as inputs_due_on
    from months
)

select * from final
