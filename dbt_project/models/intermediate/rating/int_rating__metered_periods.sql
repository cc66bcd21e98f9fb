with

usage_periods as (
    select * from {{ ref('int_rating__usage_periods') }}
),

meters as (
    select * from {{ ref('int_usage__meters') }}
),

zones as (
    select * from {{ ref('int_usage__account_zones') }}
),

prices as (
    select * from {{ ref('int_catalog__prices') }}
),

-- A level is weighed over the local days that the period is made of, from the first instant of the first to the
-- end of the last.
final as (
    select
        usage_periods.subscription_item_id,
        usage_periods.period_start,
        usage_periods.account_id,
        usage_periods.meter_code,
        usage_periods.cut_off_at,
        usage_periods.usage_from as first_day,
        usage_periods.usage_until as end_day,
        {{ start_of_local_day('usage_periods.usage_from', "coalesce(zones.timezone, 'UTC')") }} as starts_at,
        {{ start_of_local_day('usage_periods.usage_until', "coalesce(zones.timezone, 'UTC')") }} as ends_at,
        coalesce(meters.aggregation, usage_periods.aggregation) as aggregation,
        coalesce(meters.carries_over, false) as carries_over,
        coalesce(meters.is_detailed, false) as is_detailed,
        meters.group_fields,
        meters.bucket_minutes,
        meters.initial_value,
        meters.multiplier,
        meters.rounding_digits,
        meters.rounding_mode,
        false as floor_zero,
        case
            when usage_periods.weighted_sum_denominator <> 'period'
                then {{ to_numeric('usage_periods.weighted_sum_denominator') }}
        end as denominator_seconds,
        prices.charge_model,
        prices.price_per
    from usage_periods
    inner join prices on usage_periods.price_code = prices.price_code
    left join meters on usage_periods.meter_code = meters.meter_code
    left join zones on usage_periods.account_id = zones.account_id
)

select * from final
