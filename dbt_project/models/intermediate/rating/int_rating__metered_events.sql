{{ config(materialized='view') }}

with

metered_periods as (
    select * from {{ ref('int_rating__metered_periods') }}
),

events as (
    select * from {{ ref('int_usage__measured_events') }}
),

final as (
    select
        metered_periods.subscription_item_id,
        metered_periods.period_start,
        events.usage_on < metered_periods.first_day as is_initial,
        {{ is_known_by('events.known_at', 'metered_periods.cut_off_at') }} as is_known_in_time,
        events.*
    from metered_periods
    inner join events
        on
            metered_periods.account_id = events.account_id
            and metered_periods.meter_code = events.meter_code
            and metered_periods.end_day > events.usage_on
            and (metered_periods.first_day <= events.usage_on or metered_periods.carries_over)
)

select * from final
