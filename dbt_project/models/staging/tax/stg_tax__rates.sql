with

records as (
    select * from {{ latest_version(source('tax', 'rates')) }} as latest
),

final as (
    select
        record_id,
        {{ json_text('payload', 'jurisdiction') }} as jurisdiction,
        {{ json_text('payload', 'product_tax_code') }} as product_tax_code,
        {{ to_date(json_text('payload', 'valid_from')) }} as valid_from,
        {{ to_date(json_text('payload', 'valid_to')) }} as valid_to,
        {{ to_numeric(json_text('payload', 'rate')) }} as rate,
        {{ json_text('payload', 'source') }} as source_name,
        is_deleted,
        load_id,
        line_no,
        delivered_on
    from records
)

select * from final
