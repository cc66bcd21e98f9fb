with

records as (
    select * from {{ latest_version(source('stripe', 'meters')) }} as latest
),

final as (
    select
        record_id as meter_id,
        {{ json_text('payload', 'event_name') }} as event_name,
        {{ json_text('payload', 'display_name') }} as display_name,
        {{ json_text('payload', 'default_aggregation', 'formula') }} as aggregation,
        {{ json_text('payload', 'status') }} as status,
        {{ epoch_to_timestamp(json_text('payload', 'created')) }} as created_at,
        {{ epoch_to_timestamp(json_text('payload', 'updated')) }} as updated_at,
        is_deleted,
        load_id,
        line_no,
        delivered_on
    from records
)

select * from final
