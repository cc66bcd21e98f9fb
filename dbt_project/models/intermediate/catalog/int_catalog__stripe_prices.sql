with

prices as (
    select * from {{ ref('int_catalog__prices') }}
    where stripe_price_id is not null
),

final as (
    select
        stripe_price_id,
        price_code,
        currency,
        kind,
        billing_timing,
        billing_interval,
        interval_count
    from prices
)

select * from final
