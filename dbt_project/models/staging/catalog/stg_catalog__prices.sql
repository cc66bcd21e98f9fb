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
        {{ json_text('payload', 'zero_usage') }} as zero_usage,
        {{ json_text('payload', 'partial_package') }} as partial_package,
        {{ json_text('payload', 'block_mode') }} as block_mode,
        {{ to_numeric(json_text('payload', 'rate_pct')) }} as rate_pct,
        {{ to_numeric(json_text('payload', 'fixed_amount')) }} as fixed_amount,
        {{ to_bigint(json_text('payload', 'free_transactions')) }} as free_transactions,
        {{ to_numeric(json_text('payload', 'free_amount')) }} as free_amount,
        {{ to_numeric(json_text('payload', 'minimum_per_transaction')) }} as minimum_per_transaction,
        {{ to_numeric(json_text('payload', 'maximum_per_transaction')) }} as maximum_per_transaction,
        {{ json_text('payload', 'dimension') }} as dimension,
        {{ json_text('payload', 'price_per') }} as price_per,
        {{ json_text('payload', 'conversion', 'operation') }} as conversion_operation,
        {{ to_numeric(json_text('payload', 'conversion', 'factor')) }} as conversion_factor,
        {{ json_text('payload', 'conversion', 'rounding_mode') }} as conversion_rounding_mode,
        {{ to_bigint(json_text('payload', 'conversion', 'precision')) }} as conversion_precision,
        {{ to_numeric(json_text('payload', 'minimum_amount')) }} as minimum_amount,
        {{ to_numeric(json_text('payload', 'maximum_amount')) }} as maximum_amount,
        {{ json_text('payload', 'commitment', 'type') }} as commitment_type,
        {{ to_numeric(json_text('payload', 'commitment', 'value')) }} as commitment_value,
        {{ to_numeric(json_text('payload', 'commitment', 'overage_factor')) }} as commitment_overage_factor,
        {{ to_boolean(json_text('payload', 'commitment', 'true_up')) }} as commitment_true_up,
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
