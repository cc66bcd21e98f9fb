with

usage_periods as (
    select * from {{ ref('int_rating__usage_periods') }}
    where aggregation = 'max'
),

late as (
    select * from {{ ref('int_rating__usage_late') }}
),

events as (
    select * from {{ ref('int_usage__events') }}
),

final as (
    select
        usage_periods.subscription_item_id,
        usage_periods.period_start,
        max(events.quantity) as quantity
    from usage_periods
    inner join late
        on
            usage_periods.subscription_item_id = late.subscription_item_id
            and usage_periods.period_start = late.period_start
    inner join events
        on
            usage_periods.account_id = events.account_id
            and usage_periods.meter_code = events.meter_code
            and usage_periods.usage_from <= events.usage_on
            and usage_periods.usage_until > events.usage_on
            and usage_periods.cut_off_at > events.recorded_at
    group by usage_periods.subscription_item_id, usage_periods.period_start
)

select * from final
