with

item_versions as (
    select * from {{ ref('int_billing__subscription_item_versions') }}
    where billing_system = 'erp'
),

prices as (
    select * from {{ ref('int_catalog__prices') }}
),

final as (
    select
        item_versions.subscription_id,
        item_versions.subscription_item_id,
        item_versions.price_code,
        prices.kind,
        item_versions.billing_interval,
        item_versions.interval_count
    from item_versions
    inner join prices on item_versions.price_code = prices.price_code
)

select * from final
