{{ config(materialized='view') }}

with

events as (
    select * from {{ ref('int_usage__events') }}
),

zones as (
    select * from {{ ref('int_usage__account_zones') }}
),

meters as (
    select * from {{ ref('int_usage__meters') }}
),

zoned as (
    select
        events.*,
        events.recorded_at as known_from,
        coalesce(zones.timezone, 'UTC') as timezone,
        coalesce(meters.aggregation, 'sum') as aggregation,
        meters.key_field,
        meters.operation_field,
        meters.bucket_minutes,
        meters.window_start,
        meters.window_end,
        meters.group_fields,
        meters.filter_values,
        meters.is_per_transaction
    from events
    left join meters on events.event_type = meters.event_type
    left join zones on events.account_id = zones.account_id
),

read_by_meter as (
    select
        zoned.*,
        {{ in_hours_of_meter('zoned') }} as is_in_hours,
        {{ passes_filters_of_meter('zoned') }} as is_not_filtered,
        {{ readings_of_meter('zoned') }}
    from zoned
),

final as (
    select
        occurred_on,
        source,
        event_id,
        event_type,
        account_id,
        meter_code,
        aggregation,
        usage_on,
        timezone,
        occurred_at,
        recorded_at,
        known_at,
        {{ is_late('known_from', 'usage_on', 'timezone') }} as is_late,
        quantity,
        event_key,
        operation,
        group_key,
        transaction_key,
        bucket_no,
        case
            when not is_in_hours then 'outside the hours of the meter'
            when not is_not_filtered then 'filtered out by the meter'
            when not {{ is_measured('aggregation', 'quantity', 'event_key') }} then 'has nothing that the meter counts'
        end as left_out_because,
        load_id,
        line_no,
        delivered_on
    from read_by_meter
)

select * from final
