{{ config(materialized='view') }}

with

versions as (
    select * from {{ ref('int_billing__subscription_item_versions') }}
),

prices as (
    select * from {{ ref('int_catalog__prices') }}
    where kind = 'recurring'
),

accounts as (
    select * from {{ ref('int_customers__crosswalk') }}
),

clock as (
    select * from {{ ref('int_clock__as_of') }}
),

-- Paid items that stand now, each with the account it is for, when there is one.
final as (
    select
        versions.billing_system,
        versions.subscription_id,
        versions.subscription_item_id,
        accounts.account_id,
        accounts.status as account_status,
        prices.plan_code,
        versions.quantity,
        {{ utc_date('versions.valid_from') }} as valid_from_on
    from versions
    cross join clock
    inner join prices on versions.price_code = prices.price_code
    left join accounts on versions.account_id = accounts.account_id
    where
        lower(versions.status) in ('active', 'activated', 'trialing', 'past_due')
        and versions.valid_from <= clock.as_of_at
        and (versions.valid_to is null or versions.valid_to > clock.as_of_at)
)

select * from final
