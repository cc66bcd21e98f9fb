with

records as (
    select * from {{ latest_version(source('crm', 'product2')) }} as latest
),

final as (
    select
        record_id as product_id,
        {{ json_text('payload', 'Name') }} as name,
        {{ json_text('payload', 'ProductCode') }} as product_code,
        {{ json_text('payload', 'Family') }} as family,
        {{ to_boolean(json_text('payload', 'IsActive')) }} as is_active,
        {{ to_timestamp_utc(json_text('payload', 'SystemModstamp')) }} as updated_at,
        is_deleted,
        load_id,
        line_no,
        delivered_on
    from records
)

select * from final
