{{ config(indexes=[{'columns': ['price_code'], 'unique': true}]) }}

with

prices as (
    select * from {{ ref('int_catalog__prices') }}
),

final as (
    select
        price_code,
        product_code,
        plan_code,
        price_version,
        kind,
        meter_code,
        charge_model,
        billing_timing,
        currency,
        billing_interval,
        interval_count,
        unit_amount_minor,
        package_size,
        included_quantity,
        zero_usage,
        partial_package,
        block_mode,
        rate_pct,
        fixed_amount_minor,
        free_transactions,
        free_amount_minor,
        minimum_per_transaction_minor,
        maximum_per_transaction_minor,
        dimension,
        price_per,
        conversion_operation,
        conversion_factor,
        conversion_rounding_mode,
        conversion_precision,
        minimum_amount_minor,
        maximum_amount_minor,
        commitment_type,
        commitment_value,
        commitment_overage_factor,
        commitment_true_up,
        tax_code,
        revenue_account,
        stripe_price_id,
        erp_item_id,
        crm_product_code,
        valid_from,
        valid_to
    from prices
)

select * from final
