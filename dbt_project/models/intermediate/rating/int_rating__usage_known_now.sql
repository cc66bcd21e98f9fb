with

usage_periods as (
    select * from {{ ref('int_rating__usage_periods') }}
),

usage_daily as (
    select * from {{ ref('int_usage__daily') }}
),

final as (
    select
        usage_periods.subscription_item_id,
        usage_periods.period_start,
        case
            when usage_periods.aggregation = 'max' then max(usage_daily.quantity)
            else sum(usage_daily.quantity)
        end as quantity,
        sum(usage_daily.event_count) as event_count
    from usage_periods
    inner join usage_daily
        on
            usage_periods.account_id = usage_daily.account_id
            and usage_periods.meter_code = usage_daily.meter_code
            and usage_periods.usage_from <= usage_daily.usage_on
            and usage_periods.usage_until > usage_daily.usage_on
    group by usage_periods.subscription_item_id, usage_periods.period_start, usage_periods.aggregation
)

select * from final
