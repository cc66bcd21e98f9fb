with

records as (
    select * from {{ latest_version(source('erp', 'subsidiary')) }} as latest
),

final as (
    select
        record_id as subsidiary_id,
        {{ json_text('payload', 'name') }} as name,
        {{ json_text('payload', 'country') }} as country,
        {{ json_text('payload', 'currency') }} as currency_id,
        {{ json_text('payload', 'parent') }} as parent_id,
        is_deleted,
        load_id,
        line_no,
        delivered_on
    from records
)

select * from final
