{{ config(indexes=[{'columns': ['entity', 'period', 'currency', 'driver'], 'unique': true}]) }}

with

movements as (
    select * from {{ ref('int_ledger__movements') }}
    where account in {{ revenue_accounts() }}
),

periods as (
    select * from {{ source('ledger', 'periods') }}
),

-- Revenue of the month's own service is compared customer by customer; what else moves net revenue is a driver itself.
parts as (
    select
        entity,
        currency,
        posted_period,
        case
            when account <> 'revenue' then account
            when original_period < posted_period then 'late_facts'
            else 'customers'
        end as part,
        case when account = 'revenue' and original_period = posted_period then customer_id else '' end as customer_id,
        amount_minor
    from movements
),

by_month as (
    select
        entity,
        currency,
        posted_period,
        part,
        customer_id,
        -sum(amount_minor) as revenue_minor
    from parts
    group by entity, currency, posted_period, part, customer_id
),

both_months as (
    select
        entity,
        currency,
        posted_period as period,
        part,
        customer_id,
        0 as prior_minor,
        revenue_minor as current_minor
    from by_month
    union all
    select
        entity,
        currency,
        {{ add_months_to_date('posted_period', 1) }} as period,
        part,
        customer_id,
        revenue_minor as prior_minor,
        0 as current_minor
    from by_month
),

compared as (
    select
        entity,
        currency,
        period,
        part,
        customer_id,
        sum(prior_minor) as prior_minor,
        sum(current_minor) as current_minor
    from both_months
    group by entity, currency, period, part, customer_id
),

driven as (
    select
        compared.*,
        case
            when part <> 'customers' then part
            when prior_minor = current_minor then 'customers_unchanged'
            when prior_minor = 0 then 'customers_gained'
            when current_minor = 0 then 'customers_lost'
            when current_minor > prior_minor then 'customers_grown'
            else 'customers_shrunk'
        end as driver
    from compared
    where prior_minor <> 0 or current_minor <> 0
),

final as (
    select
        driven.entity,
        driven.period,
        driven.currency,
        driven.driver,
        cast(sum(driven.prior_minor) as bigint) as prior_minor,
        cast(sum(driven.current_minor - driven.prior_minor) as bigint) as change_minor,
        cast(sum(driven.current_minor) as bigint) as current_minor,
        count(case when driven.part = 'customers' then 1 end) as customer_count,
        periods.status = 'closed' as is_closed
    from driven
    inner join periods on driven.entity = periods.entity and driven.period = periods.period
    group by driven.entity, driven.period, driven.currency, driven.driver, periods.status
)

select * from final
