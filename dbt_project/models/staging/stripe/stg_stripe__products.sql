with

records as (
    select * from {{ latest_version(source('stripe', 'products')) }} as latest
),

final as (
    select
        record_id as product_id,
        {{ json_text('payload', 'metadata', 'product_code') }} as product_code,
        {{ json_text('payload', 'name') }} as name,
        {{ to_boolean(json_text('payload', 'active')) }} as is_active,
        {{ json_text('payload', 'tax_code') }} as tax_code,
        {{ json_text('payload', 'unit_label') }} as unit_label,
        {{ epoch_to_timestamp(json_text('payload', 'created')) }} as created_at,
        {{ epoch_to_timestamp(json_text('payload', 'updated')) }} as updated_at,
        is_deleted,
        load_id,
        line_no,
        delivered_on
    from records
)

select * from final
