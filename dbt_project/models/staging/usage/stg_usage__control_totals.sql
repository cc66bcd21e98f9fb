with

records as (
    select * from {{ latest_version(source('usage', 'control_totals')) }} as latest
),

final as (
    select
        record_id,
        {{ json_text('payload', 'source') }} as source,
        {{ to_timestamp_utc(json_text('payload', 'window_start')) }} as window_start_at,
        {{ to_timestamp_utc(json_text('payload', 'window_end')) }} as window_end_at,
        {{ to_bigint(json_text('payload', 'event_count')) }} as event_count,
        {{ to_numeric(json_text('payload', 'quantity_sum')) }} as quantity_sum,
        is_deleted,
        load_id,
        line_no,
        delivered_on
    from records
)

select * from final
