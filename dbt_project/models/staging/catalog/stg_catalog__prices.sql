with

records as (
    select * from {{ latest_version(source('catalog', 'prices')) }} as latest
),

final as (
    select
        record_id as price_code,
        {{ json_text('payload', 'product_code') }} as product_code,
        {{ json_text('payload', 'plan_code') }} as plan_code,
        {{ to_bigint(json_text('payload', 'version')) }} as version,
        {{ json_text('payload', 'kind') }} as kind,
        {{ json_text('payload', 'meter_code') }} as meter_code,
        {{ json_text('payload', 'charge_model') }} as charge_model,
        {{ json_text('payload', 'billing_timing') }} as billing_timing,
        lower({{ json_text('payload', 'currency') }}) as currency,
        {{ json_text('payload', 'interval') }} as billing_interval,
        {{ to_bigint(json_text('payload', 'interval_count')) }} as interval_count,
        {{ to_numeric(json_text('payload', 'unit_amount')) }} as unit_amount,
        {{ to_numeric(json_text('payload', 'package_size')) }} as package_size,
        {{ to_numeric(json_text('payload', 'included_quantity')) }} as included_quantity,
        {{ json_text('payload', 'tax_code') }} as tax_code,
        {{ json_text('payload', 'revenue_account') }} as revenue_account,
        {{ json_text('payload', 'stripe_price_id') }} as stripe_price_id,
        {{ json_text('payload', 'erp_item_id') }} as erp_item_id,
        {{ json_text('payload', 'crm_product_code') }} as crm_product_code,
        {{ to_date(json_text('payload', 'valid_from')) }} as valid_from,
        {{ to_date(json_text('payload', 'valid_to')) }} as valid_to,
        is_deleted,
        load_id,
        line_no,
        delivered_on
    from records
)

select * from final
