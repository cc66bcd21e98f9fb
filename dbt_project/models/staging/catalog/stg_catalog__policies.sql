with

records as (
    select * from {{ latest_version(source('catalog', 'policies')) }} as latest
),

final as (
    select
        record_id,
        {{ json_text('payload', 'policy') }} as policy,
        {{ to_date(json_text('payload', 'valid_from')) }} as valid_from,
        {{ to_date(json_text('payload', 'valid_to')) }} as valid_to,
        {{ json_text('payload', 'value') }} as value,
        is_deleted,
        load_id,
        line_no,
        delivered_on
    from records
)

select * from final
