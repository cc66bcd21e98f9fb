{{ config(materialized='view') }}

with

item_versions as (
    select * from {{ ref('int_billing__subscription_item_versions') }}
    where lower(status) in ('active', 'activated', 'trialing', 'past_due')
),

prices as (
    select * from {{ ref('int_catalog__prices') }}
    where kind = 'usage'
),

clock as (
    select * from {{ ref('int_clock__as_of') }}
),

live as (
    select
        item_versions.account_id,
        prices.meter_code,
        min(item_versions.subscription_item_id) as subscription_item_id,
        min({{ utc_date('item_versions.valid_from') }}) as from_on
    from item_versions
    cross join clock
    inner join prices on item_versions.price_code = prices.price_code
    where
        item_versions.account_id is not null
        and item_versions.valid_from <= clock.as_of_at
        and (item_versions.valid_to is null or item_versions.valid_to > clock.as_of_at)
    group by item_versions.account_id, prices.meter_code
),

final as (
    select
        account_id || '|' || meter_code as tracking_key,
        account_id || '|' || meter_code as row_id,
        account_id,
        cast(null as text) as currency,
        cast(null as bigint) as amount_minor,
        cast(null as numeric) as quantity,
        from_on as business_on,
        from_on as due_on,
        'subscription item ' || subscription_item_id as evidence
    from live
)

select * from final
