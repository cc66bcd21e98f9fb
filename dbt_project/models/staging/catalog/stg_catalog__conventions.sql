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
        {{ to_bigint(json_text('payload', 'fixed_month_days')) }} as fixed_month_days,
        {{ json_text('payload', 'change_day') }} as change_day,
        {{ json_text('payload', 'discount_allocation') }} as discount_allocation,
        {{ json_text('payload', 'percent_rounding') }} as percent_rounding,
        {{ json_text('payload', 'minimum_basis') }} as minimum_basis,
        {{ json_text('payload', 'credit_timing') }} as credit_timing,
        {{ json_text('payload', 'zero_usage') }} as zero_usage,
        {{ json_text('payload', 'tier_select') }} as tier_select,
        {{ json_text('payload', 'dedup_key') }} as dedup_key,
        {{ json_text('payload', 'weighted_sum_denominator') }} as weighted_sum_denominator,
        {{ json_text('payload', 'late_usage_mode') }} as late_usage_mode,
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
