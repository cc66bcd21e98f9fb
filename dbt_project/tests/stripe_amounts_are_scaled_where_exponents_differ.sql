-- The currencies that the macro stripe_minor_exact scales are exactly those whose exponents differ.
with

currencies as (
    select * from {{ ref('currencies') }}
),

final as (
    select
        currency,
        exponent,
        stripe_exponent,
        {{ stripe_minor_exact("'100'", 'currency') }} as minor_units_of_100
    from currencies
)

select * from final
where minor_units_of_100 <> 100 * power(cast(10 as numeric), exponent - stripe_exponent)
