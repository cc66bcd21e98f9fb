with

item_versions as (
    select * from {{ ref('int_billing__subscription_item_versions') }}
),

prices as (
    select * from {{ ref('int_catalog__prices') }}
    where kind = 'usage'
),

meters as (
    select * from {{ ref('stg_catalog__meters') }}
),

final as (
    select
        item_versions.billing_system,
        item_versions.account_id,
        item_versions.subscription_id,
        item_versions.subscription_item_id,
        item_versions.version_no,
        item_versions.price_code,
        item_versions.discount_percent,
        item_versions.currency,
        item_versions.billing_interval,
        item_versions.interval_count,
        item_versions.valid_from,
        item_versions.valid_to,
        prices.meter_code,
        prices.included_quantity,
        meters.aggregation
    from item_versions
    inner join prices on item_versions.price_code = prices.price_code
    inner join meters on prices.meter_code = meters.meter_code
)

select * from final
