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
        prices.zero_usage,
        coalesce(prices.partial_package, 'up') as partial_package,
        prices.block_mode,
        prices.rate_pct,
        {{ minor_units_exact('prices.fixed_amount', 'currencies.exponent') }} as fixed_amount_minor,
        prices.free_transactions,
        {{ minor_units_exact('prices.free_amount', 'currencies.exponent') }} as free_amount_minor,
        {{ minor_units_exact('prices.minimum_per_transaction', 'currencies.exponent') }}
            as minimum_per_transaction_minor,
        {{ minor_units_exact('prices.maximum_per_transaction', 'currencies.exponent') }}
            as maximum_per_transaction_minor,
        prices.dimension,
        coalesce(prices.price_per, 'period') as price_per,
        prices.conversion_operation,
        prices.conversion_factor,
        prices.conversion_rounding_mode,
        coalesce(prices.conversion_precision, 0) as conversion_precision,
        {{ minor_units_exact('prices.minimum_amount', 'currencies.exponent') }} as minimum_amount_minor,
        {{ minor_units_exact('prices.maximum_amount', 'currencies.exponent') }} as maximum_amount_minor,
        prices.commitment_type,
        case
            when prices.commitment_type = 'amount'
                then {{ minor_units_exact('prices.commitment_value', 'currencies.exponent') }}
            else prices.commitment_value
        end as commitment_value,
        coalesce(prices.commitment_overage_factor, 1) as commitment_overage_factor,
        coalesce(prices.commitment_true_up, false) as commitment_true_up,
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
