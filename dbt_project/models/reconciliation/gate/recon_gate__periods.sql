{{ config(materialized='view') }}

with

billings as (
    select * from {{ ref('recon_monthly_billings') }}
),

-- A month's inputs are complete two days after its end: the grace that usage has before it is invoiced.
final as (
    select distinct
        period_month,
        {{ add_months_to_date('period_month', 1) }} as period_end_on,
        {{ add_days(add_months_to_date('period_month', 1), 2) }} as inputs_due_on
    from billings
)

select * from final
