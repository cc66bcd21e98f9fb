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
