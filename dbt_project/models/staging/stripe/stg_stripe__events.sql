with

records as (
    select * from {{ latest_version(source('stripe', 'events')) }} as latest
),

final as (
    select
        record_id as event_id,
        {{ json_text('payload', 'type') }} as event_type,
        {{ json_text('payload', 'api_version') }} as api_version,
        {{ json_text('payload', 'data', 'object', 'id') }} as object_id,
        {{ json_text('payload', 'data', 'object', 'object') }} as object_type,
        {{ epoch_to_timestamp(json_text('payload', 'created')) }} as created_at,
        is_deleted,
        load_id,
        line_no,
        delivered_on
    from records
)

select * from final
