{#- Views: the charges, the days and the events have their indexes, and copies of them would grow with the history. -#}
{{ config(materialized='view') }}

with

charges as (
    select * from {{ ref('fct_rated_charges') }}
    where line_kind = 'usage'
),

metered_periods as (
    select * from {{ ref('int_rating__metered_periods') }}
),

usage_days as (
    select * from {{ ref('int_usage__daily') }}
),

final as (
    select
        charges.charge_id,
        usage_days.usage_on,
        usage_days.timezone,
        usage_days.account_id,
        usage_days.meter_code,
        usage_days.aggregation,
        usage_days.quantity,
        usage_days.event_count,
        usage_days.measured_count,
        usage_days.duplicate_count,
        usage_days.conflict_count,
        usage_days.first_event_at,
        usage_days.last_event_at
    from charges
    inner join metered_periods
        on
            charges.subscription_item_id = metered_periods.subscription_item_id
            and charges.period_start = metered_periods.period_start
    inner join usage_days
        on
            metered_periods.account_id = usage_days.account_id
            and metered_periods.meter_code = usage_days.meter_code
            and metered_periods.first_day <= usage_days.usage_on
            and metered_periods.end_day > usage_days.usage_on
)

select * from final
