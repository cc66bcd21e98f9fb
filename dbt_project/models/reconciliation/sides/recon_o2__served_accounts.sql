{{ config(materialized='view') }}

with

accounts as (
    select * from {{ ref('int_customers__crosswalk') }}
),

paid_plans as (
    select distinct plan_code from {{ ref('int_catalog__prices') }}
    where kind = 'recurring' and plan_code is not null
),

subscriptions as (
    select * from {{ ref('int_billing__subscriptions') }}
),

clock as (
    select * from {{ ref('int_clock__as_of') }}
),

ended as (
    select
        subscriptions.account_id,
        max(subscriptions.ended_at) as ended_at
    from subscriptions
    cross join clock
    where subscriptions.ended_at <= clock.as_of_at
    group by subscriptions.account_id
),

-- Plans without a price are free: whoever is on one needs no subscription.
final as (
    select
        accounts.account_id as tracking_key,
        accounts.account_id as row_id,
        accounts.account_id,
        cast(null as text) as currency,
        cast(null as bigint) as amount_minor,
        cast(null as numeric) as quantity,
        {{ utc_date('coalesce(ended.ended_at, accounts.created_at)') }} as business_on,
        {{ add_days(utc_date('coalesce(ended.ended_at, accounts.created_at)'), 1) }} as due_on,
        'account ' || accounts.account_id as evidence,
        accounts.plan_code,
        accounts.status as account_status,
        case when ended.account_id is not null then 1 else 0 end as ended_count
    from accounts
    left join ended on accounts.account_id = ended.account_id
    left join paid_plans on accounts.plan_code = paid_plans.plan_code
    where accounts.status = 'active' and (accounts.plan_code is null or paid_plans.plan_code is not null)
)

select * from final
