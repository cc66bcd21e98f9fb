with

records as (
    select * from {{ latest_version(source('catalog', 'conventions')) }} as latest
),

final as (
    select
        record_id,
        {{ json_text('payload', 'billing_system') }} as billing_system,
        {{ to_date(json_text('payload', 'valid_from')) }} as valid_from,
        {{ json_text('payload', 'proration_unit') }} as proration_unit,
        {{ json_text('payload', 'rounding_mode') }} as rounding_mode,
        {{ json_text('payload', 'tax_rounding') }} as tax_rounding,
        {{ json_text('payload', 'discount_order') }} as discount_order,
        {{ json_text('payload', 'usage_window') }} as usage_window,
        {{ to_bigint(json_text('payload', 'usage_grace_hours')) }} as usage_grace_hours,
        {{ to_bigint(json_text('payload', 'payment_grace_days')) }} as payment_grace_days,
        {{ to_bigint(json_text('payload', 'due_days')) }} as due_days,
        is_deleted,
        load_id,
        line_no,
        delivered_on
    from records
)

select * from final
