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
        {{ json_text('payload', 'stripe_meter_id') }} as stripe_meter_id,
        is_deleted,
        load_id,
        line_no,
        delivered_on
    from records
)

select * from final
