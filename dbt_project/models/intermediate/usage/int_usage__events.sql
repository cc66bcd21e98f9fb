{{ config(materialized='view') }}

with

events as (
    select * from {{ ref('stg_usage__events') }}
),

repeats as (
    select * from {{ ref('int_usage__event_repeats') }}
    where copy_no > 1
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

final as (
    select
        events.source,
        events.event_id,
        events.event_type,
        events.account_id,
        coalesce(meters.meter_code, events.event_type) as meter_code,
        zone_days.usage_on,
        events.occurred_at,
        events.occurred_on,
        {{ recorded_instant('events.recorded_at', 'events.delivered_on') }} as recorded_at,
        events.quantity,
        events.dimensions,
        events.load_id,
        events.line_no,
        events.delivered_on
    from events
    left join zones on events.account_id = zones.account_id
    left join zone_days on {{ in_zone_day('events', "coalesce(zones.timezone, 'UTC')") }}
    left join meters on events.event_type = meters.event_type
    where
        not exists (
            select 1
            from repeats
            where
                repeats.occurred_on = events.occurred_on
                and repeats.load_id = events.load_id
                and repeats.line_no = events.line_no
        )
)

select * from final
