with

records as (
    select * from {{ latest_version(source('control_plane', 'entitlements')) }} as latest
),

final as (
    select
        record_id,
        {{ json_text('payload', 'account_id') }} as account_id,
        {{ json_text('payload', 'feature_code') }} as feature_code,
        {{ to_numeric(json_text('payload', 'quantity')) }} as quantity,
        {{ to_timestamp_utc(json_text('payload', 'valid_from')) }} as valid_from_at,
        {{ to_timestamp_utc(json_text('payload', 'valid_to')) }} as valid_to_at,
        is_deleted,
        load_id,
        line_no,
        delivered_on
    from records
)

select * from final
