with

price_tiers as (
    select * from {{ ref('stg_catalog__price_tiers') }}
),

prices as (
    select * from {{ ref('int_catalog__prices') }}
),

currencies as (
    select * from {{ ref('currencies') }}
),

final as (
    select
        price_tiers.price_code,
        price_tiers.tier_no,
        coalesce(
            lag(price_tiers.up_to) over (partition by price_tiers.price_code order by price_tiers.tier_no), 0
        ) as lower_bound,
        price_tiers.up_to as upper_bound,
        prices.currency,
        {{ minor_units_exact(
            'coalesce(price_tiers.rate_pct * 0.01, price_tiers.unit_amount, 0)', 'currencies.exponent'
        ) }} as unit_amount_minor,
        {{ minor_units_exact('coalesce(price_tiers.flat_amount, 0)', 'currencies.exponent') }} as flat_amount_minor,
        price_tiers.rate_pct,
        {{ minor_units_exact('price_tiers.cap_amount', 'currencies.exponent') }} as cap_amount_minor,
        price_tiers.block_size,
        price_tiers.max_blocks
    from price_tiers
    inner join prices on price_tiers.price_code = prices.price_code
    inner join currencies on prices.currency = currencies.currency
)

select * from final
