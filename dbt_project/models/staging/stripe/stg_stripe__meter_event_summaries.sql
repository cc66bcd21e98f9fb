with

records as (
    select * from {{ latest_version(source('stripe', 'meter_event_summaries')) }} as latest
),

final as (
    select
        record_id as meter_event_summary_id,
        {{ json_reference('payload', 'meter') }} as meter_id,
        {{ json_reference('payload', 'customer') }} as customer_id,
        {{ to_numeric(json_text('payload', 'aggregated_value')) }} as aggregated_value,
        {{ epoch_to_timestamp(json_text('payload', 'start_time')) }} as start_at,
        {{ epoch_to_timestamp(json_text('payload', 'end_time')) }} as end_at,
        is_deleted,
        load_id,
        line_no,
        delivered_on
    from records
)

select * from final
