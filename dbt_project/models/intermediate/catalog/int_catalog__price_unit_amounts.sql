with

unit_amounts as (
    select * from {{ ref('stg_catalog__price_unit_amounts') }}
),

prices as (
    select * from {{ ref('int_catalog__prices') }}
),

currencies as (
    select * from {{ ref('currencies') }}
),

final as (
    select
        unit_amounts.price_code,
        unit_amounts.dimension_value,
        prices.currency,
        {{ minor_units_exact('unit_amounts.unit_amount', 'currencies.exponent') }} as unit_amount_minor
    from unit_amounts
    inner join prices on unit_amounts.price_code = prices.price_code
    inner join currencies on prices.currency = currencies.currency
)

select * from final
