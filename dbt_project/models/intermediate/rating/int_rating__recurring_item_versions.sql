with

item_versions as (
    select * from {{ ref('int_billing__subscription_item_versions') }}
),

prices as (
    select * from {{ ref('int_catalog__prices') }}
    where kind = 'recurring'
),

final as (
    select
        item_versions.*,
        prices.billing_timing
    from item_versions
    inner join prices on item_versions.price_code = prices.price_code
)

select * from final
