with

records as (
    select * from {{ latest_version(source('erp', 'item')) }} as latest
),

final as (
    select
        record_id as item_id,
        {{ json_text('payload', 'itemid') }} as item_code,
        {{ json_text('payload', 'fullname') }} as full_name,
        {{ json_text('payload', 'itemtype') }} as item_type,
        {{ json_text('payload', 'incomeaccount') }} as income_account_id,
        {{ json_text('payload', 'deferralaccount') }} as deferral_account_id,
        {{ to_timestamp_utc(json_text('payload', 'lastmodifieddate')) }} as updated_at,
        is_deleted,
        load_id,
        line_no,
        delivered_on
    from records
)

select * from final
