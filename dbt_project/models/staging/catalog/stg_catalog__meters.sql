with

records as (
    select * from {{ latest_version(source('catalog', 'meters')) }} as latest
),

final as (
    select
        record_id as meter_code,
        {{ json_text('payload', 'event_type') }} as event_type,
        {{ json_text('payload', 'name') }} as name,
        {{ json_text('payload', 'unit') }} as unit,
        {{ json_text('payload', 'aggregation') }} as aggregation,
        {{ json_text('payload', 'quantity_field') }} as quantity_field,
        {{ json_text('payload', 'key_field') }} as key_field,
        {{ json_text('payload', 'operation_field') }} as operation_field,
        {{ to_numeric(json_text('payload', 'multiplier')) }} as multiplier,
        {{ to_bigint(json_text('payload', 'bucket_minutes')) }} as bucket_minutes,
        {{ to_bigint(json_text('payload', 'rounding_digits')) }} as rounding_digits,
        {{ json_text('payload', 'rounding_mode') }} as rounding_mode,
        {{ json_text('payload', 'window_start') }} as window_start,
        {{ json_text('payload', 'window_end') }} as window_end,
        {{ to_numeric(json_text('payload', 'initial_value')) }} as initial_value,
        {{ to_boolean(json_text('payload', 'carries_over')) }} as carries_over,
        {{ json_text('payload', 'stripe_meter_id') }} as stripe_meter_id,
        is_deleted,
        load_id,
        line_no,
        delivered_on
    from records
)

select * from final
