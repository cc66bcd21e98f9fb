with

records as (
    select * from {{ latest_version(source('erp', 'account')) }} as latest
),

final as (
    select
        record_id as account_id,
        {{ json_text('payload', 'acctnumber') }} as account_number,
        {{ json_text('payload', 'accttype') }} as account_type,
        {{ json_text('payload', 'fullname') }} as full_name,
        {{ to_timestamp_utc(json_text('payload', 'lastmodifieddate')) }} as updated_at,
        is_deleted,
        load_id,
        line_no,
        delivered_on
    from records
)

select * from final
