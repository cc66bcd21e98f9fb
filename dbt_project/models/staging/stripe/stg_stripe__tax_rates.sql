with

records as (
    select * from {{ latest_version(source('stripe', 'tax_rates')) }} as latest
),

final as (
    select
        record_id as tax_rate_id,
        {{ json_text('payload', 'display_name') }} as display_name,
        {{ json_text('payload', 'jurisdiction') }} as jurisdiction,
        {{ json_text('payload', 'country') }} as country,
        {{ json_text('payload', 'state') }} as state,
        {{ to_numeric(json_text('payload', 'percentage')) }} as percentage,
        {{ json_text('payload', 'tax_type') }} as tax_type,
        {{ to_boolean(json_text('payload', 'inclusive')) }} as is_inclusive,
        {{ to_boolean(json_text('payload', 'active')) }} as is_active,
        {{ epoch_to_timestamp(json_text('payload', 'created')) }} as created_at,
        is_deleted,
        load_id,
        line_no,
        delivered_on
    from records
)

select * from final
