with

prices as (
    select * from {{ ref('stg_catalog__prices') }}
    where not is_deleted
),

currencies as (
    select * from {{ ref('currencies') }}
),

final as (
    select
        prices.price_code,
        prices.product_code,
        prices.plan_code,
        prices.version as price_version,
        prices.kind,
        prices.meter_code,
        prices.charge_model,
        prices.billing_timing,
        prices.currency,
        prices.billing_interval,
        prices.interval_count,
        {{ minor_units_exact('prices.unit_amount', 'currencies.exponent') }} as unit_amount_minor,
        prices.package_size,
        prices.included_quantity,
        prices.tax_code,
        prices.revenue_account,
        prices.stripe_price_id,
        prices.erp_item_id,
        prices.crm_product_code,
        prices.valid_from,
        prices.valid_to
    from prices
    inner join currencies on prices.currency = currencies.currency
)

select * from final
