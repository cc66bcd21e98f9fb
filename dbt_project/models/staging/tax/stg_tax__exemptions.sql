with

records as (
    select * from {{ latest_version(source('tax', 'exemptions')) }} as latest
),

final as (
    select
        record_id,
        {{ json_text('payload', 'customer') }} as customer,
        {{ json_text('payload', 'jurisdiction') }} as jurisdiction,
        {{ to_date(json_text('payload', 'valid_from')) }} as valid_from,
        {{ to_date(json_text('payload', 'valid_to')) }} as valid_to,
        {{ json_text('payload', 'reason') }} as reason,
        {{ json_text('payload', 'certificate') }} as certificate,
        is_deleted,
        load_id,
        line_no,
        delivered_on
    from records
)

select * from final
