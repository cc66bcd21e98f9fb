with

usage_periods as (
    select * from {{ ref('int_rating__usage_periods') }}
),

late_events as (
    select * from {{ ref('int_usage__late_events') }}
),

final as (
    select
        usage_periods.subscription_item_id,
        usage_periods.period_start,
        sum(late_events.quantity) as quantity,
        count(*) as event_count
    from usage_periods
    inner join late_events
        on
            usage_periods.account_id = late_events.account_id
            and usage_periods.meter_code = late_events.meter_code
            and usage_periods.usage_from <= late_events.usage_on
            and usage_periods.usage_until > late_events.usage_on
            and usage_periods.cut_off_at <= late_events.recorded_at
    group by usage_periods.subscription_item_id, usage_periods.period_start
)

select * from final
