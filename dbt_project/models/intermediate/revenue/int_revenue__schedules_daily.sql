{{ config(materialized='view') }}

with

schedules as (
    select * from {{ ref('int_revenue__schedules') }}
),

usage_days as (
    select * from {{ ref('int_usage__daily') }}
),

days as (
    select
        schedules.invoice_line_id,
        schedules.month_on,
        schedules.currency,
        schedules.recognition_method,
        schedules.amount_minor,
        days.day_on,
        {{ days_between('schedules.earned_from_on', 'days.day_on') }} as day_no,
        {{ days_between('schedules.earned_from_on', 'schedules.earned_until_on') }} as day_count,
        coalesce(usage_days.quantity, 0) as quantity
    from schedules
    cross join {{ day_series('schedules.earned_from_on', 'schedules.earned_until_on', 'days') }}
    left join usage_days
        on
            schedules.recognition_method = 'usage'
            and schedules.account_id = usage_days.account_id
            and schedules.meter_code = usage_days.meter_code
            and days.day_on = usage_days.usage_on
),

used as (
    select
        days.*,
        sum(quantity) over (partition by invoice_line_id, month_on order by day_on) as quantity_to_date,
        sum(quantity) over (partition by invoice_line_id, month_on) as quantity_of_month
    from days
),

-- Usage: by what was used to date. Everything else, and usage of nothing: evenly, left-over units to the earliest days.
to_date as (
    select
        used.*,
        case
            when recognition_method = 'usage' and quantity_of_month > 0
                then {{ round_half_up(divide('amount_minor * quantity_to_date', 'quantity_of_month')) }}
            else
                (case when amount_minor < 0 then -1 else 1 end) * (
                    (day_no + 1) * {{ floor_ratio('abs(amount_minor)', 'day_count') }}
                    + least(day_no + 1, mod(abs(amount_minor), day_count))
                )
        end as earned_to_date_minor
    from used
),

final as (
    select
        invoice_line_id,
        day_on,
        month_on,
        currency,
        recognition_method,
        cast(
            earned_to_date_minor
            - coalesce(lag(earned_to_date_minor) over (partition by invoice_line_id, month_on order by day_on), 0)
            as bigint
        ) as amount_minor
    from to_date
)

select * from final
