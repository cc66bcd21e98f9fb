with

records as (
    select * from {{ latest_version(source('catalog', 'plans')) }} as latest
),

final as (
    select
        {{ json_text('payload', 'plan_code') }} as plan_code,
        {{ json_text('payload', 'name') }} as name,
        {{ json_text('payload', 'product_code') }} as product_code,
        {{ to_date(json_text('payload', 'valid_from')) }} as valid_from,
        {{ to_date(json_text('payload', 'valid_to')) }} as valid_to,
        is_deleted,
        load_id,
        line_no,
        delivered_on
    from records
)

select * from final
