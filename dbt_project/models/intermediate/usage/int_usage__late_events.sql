{{ config(materialized='view') }}

with

delayed_events as (
    select * from {{ ref('int_usage__delayed_events') }}
),

zones as (
    select * from {{ ref('int_usage__account_zones') }}
),

zone_days as (
    select * from {{ ref('int_usage__zone_days') }}
),

meters as (
    select * from {{ ref('int_usage__meters') }}
),

local_events as (
    select
        delayed_events.*,
        coalesce(zones.timezone, 'UTC') as timezone,
        zone_days.usage_on
    from delayed_events
    left join zones on delayed_events.account_id = zones.account_id
    left join zone_days on {{ in_zone_day('delayed_events', "coalesce(zones.timezone, 'UTC')") }}
),

final as (
    select
        local_events.source,
        local_events.event_id,
        local_events.account_id,
        coalesce(meters.meter_code, local_events.event_type) as meter_code,
        local_events.usage_on,
        local_events.occurred_at,
        local_events.recorded_at,
        local_events.quantity,
        local_events.load_id,
        local_events.line_no,
        local_events.delivered_on
    from local_events
    left join meters on local_events.event_type = meters.event_type
    where {{ is_late('local_events.recorded_at', 'local_events.usage_on', 'local_events.timezone') }}
)

select * from final
