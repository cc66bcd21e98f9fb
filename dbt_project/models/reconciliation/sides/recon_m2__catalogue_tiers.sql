{{ config(materialized='view') }}

with

prices as (
    select * from {{ ref('int_catalog__prices') }}
),

tiers as (
    select * from {{ ref('stg_catalog__price_tiers') }}
    where not is_deleted
),

stripe_prices as (
    select * from {{ ref('stg_stripe__prices') }}
    where not is_deleted and billing_scheme = 'tiered'
),

currencies as (
    select * from {{ ref('currencies') }}
),

-- What is included is a first tier for nothing, on which the others stand.
included as (
    select
        price_code,
        1 as tier_no,
        included_quantity as up_to,
        cast(0 as numeric) as unit_amount_minor,
        cast(0 as numeric) as flat_amount_minor
    from prices
    where included_quantity > 0
),

listed as (
    select
        prices.price_code,
        tiers.tier_no + case when prices.included_quantity > 0 then 1 else 0 end as tier_no,
        tiers.up_to + coalesce(prices.included_quantity, 0) as up_to,
        {{ minor_units_exact('tiers.unit_amount', 'currencies.exponent') }} as unit_amount_minor,
        {{ minor_units_exact('coalesce(tiers.flat_amount, 0)', 'currencies.exponent') }} as flat_amount_minor
    from prices
    inner join tiers on prices.price_code = tiers.price_code
    inner join currencies on prices.currency = currencies.currency
),

-- One price for all that is not included.
above as (
    select
        prices.price_code,
        2 as tier_no,
        cast(null as numeric) as up_to,
        prices.unit_amount_minor,
        cast(0 as numeric) as flat_amount_minor
    from prices
    left join tiers on prices.price_code = tiers.price_code and tiers.tier_no = 1
    where prices.included_quantity > 0 and prices.unit_amount_minor is not null and tiers.price_code is null
),

expected as (
    select * from included
    union all
    select * from listed
    union all
    select * from above
),

final as (
    select
        'stripe|' || prices.stripe_price_id || '|tier ' || cast(expected.tier_no as text) as tracking_key,
        prices.price_code || '|' || cast(expected.tier_no as text) as row_id,
        cast(null as text) as account_id,
        prices.currency,
        cast(null as bigint) as amount_minor,
        cast(expected.unit_amount_minor as numeric) as quantity,
        prices.valid_from as business_on,
        prices.valid_from as due_on,
        'tier ' || cast(expected.tier_no as text) || ' of price ' || prices.price_code as evidence,
        expected.up_to,
        expected.flat_amount_minor
    from expected
    inner join prices on expected.price_code = prices.price_code
    inner join stripe_prices on prices.stripe_price_id = stripe_prices.price_id
)

select * from final
