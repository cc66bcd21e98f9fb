with

records as (
    select * from {{ latest_version(source('control_plane', 'provisioning')) }} as latest
),

final as (
    select
        record_id,
        {{ json_text('payload', 'account_id') }} as account_id,
        {{ json_text('payload', 'resource') }} as resource,
        {{ json_text('payload', 'state') }} as state,
        {{ to_timestamp_utc(json_text('payload', 'at')) }} as changed_at,
        is_deleted,
        load_id,
        line_no,
        delivered_on
    from records
)

select * from final
