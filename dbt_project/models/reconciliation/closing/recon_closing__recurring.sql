{{ config(materialized='view') }}

with

periods as (
    select * from {{ ref('recon_closing__periods') }}
),

movements as (
    select * from {{ ref('fct_mrr_movements') }}
),

-- Billing knows one company, the books' entity main.
final as (
    select
        periods.entity,
        periods.period,
        movements.currency,
        cast(sum(movements.opening_minor) as bigint) as opening_minor,
        cast(sum(movements.new_minor) as bigint) as new_minor,
        cast(sum(movements.expansion_minor) as bigint) as expansion_minor,
        cast(sum(movements.contraction_minor) as bigint) as contraction_minor,
        cast(sum(movements.churn_minor) as bigint) as churn_minor,
        cast(sum(movements.reactivation_minor) as bigint) as reactivation_minor,
        cast(sum(movements.closing_minor) as bigint) as closing_minor,
        count(case when movements.closing_minor <> 0 then 1 end) as customer_count
    from periods
    inner join movements on periods.entity = 'main' and periods.period = movements.month_on
    group by periods.entity, periods.period, movements.currency
)

select * from final
