with

records as (
    select * from {{ latest_version(source('stripe', 'prices')) }} as latest
),

final as (
    select
        record_id as price_id,
        {{ json_reference('payload', 'product') }} as product_id,
        {{ coalesced([
            json_text('payload', 'metadata', 'price_code'),
            json_text('payload', 'lookup_key'),
        ]) }} as price_code,
        lower({{ json_text('payload', 'currency') }}) as currency,
        {{ to_boolean(json_text('payload', 'active')) }} as is_active,
        {{ json_text('payload', 'type') }} as price_type,
        {{ json_text('payload', 'billing_scheme') }} as billing_scheme,
        {{ json_text('payload', 'tiers_mode') }} as tiers_mode,
        {{ stripe_minor_exact(coalesced([
            json_text('payload', 'unit_amount_decimal'),
            json_text('payload', 'unit_amount'),
        ]), json_text('payload', 'currency')) }} as unit_amount_minor,
        {{ json_text('payload', 'recurring', 'interval') }} as billing_interval,
        {{ to_bigint(json_text('payload', 'recurring', 'interval_count')) }} as interval_count,
        {{ json_text('payload', 'recurring', 'usage_type') }} as usage_type,
        {{ json_text('payload', 'recurring', 'meter') }} as meter_id,
        {{ to_numeric(json_text('payload', 'transform_quantity', 'divide_by')) }} as package_size,
        {{ json_text('payload', 'tax_behavior') }} as tax_behavior,
        {{ json_text('payload', 'nickname') }} as nickname,
        {{ epoch_to_timestamp(json_text('payload', 'created')) }} as created_at,
        is_deleted,
        load_id,
        line_no,
        delivered_on
    from records
)

select * from final
