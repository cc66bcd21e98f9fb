with

charges as (
    select * from {{ ref('int_revenue__recurring_charges') }}
),

clock as (
    select as_of_at from {{ ref('int_clock__as_of') }}
),

-- What runs at the last instant of a month that is over; a subscription that ended before it has nothing that recurs.
running as (
    select
        charges.*,
        months.month_on
    from charges
    cross join clock
    cross join {{ month_series(utc_date('charges.period_start'), utc_date('charges.period_end'), 'months') }}
    where
        charges.period_start < {{ start_of_utc_day(add_months_to_date('months.month_on', 1)) }}
        and charges.period_end >= {{ start_of_utc_day(add_months_to_date('months.month_on', 1)) }}
        and clock.as_of_at >= {{ start_of_utc_day(add_months_to_date('months.month_on', 1)) }}
        and (
            charges.ended_at is null
            or charges.ended_at >= {{ start_of_utc_day(add_months_to_date('months.month_on', 1)) }}
        )
),

-- A year is twelve months, and 365 days where a price is by days or weeks.
final as (
    select
        charge_id,
        month_on,
        customer_id,
        subscription_id,
        currency,
        {{ round_ratio(
            'whole_amount * net_part * case when months > 0 then 1 else 365 end',
            'gross_part * case when months > 0 then months else 12 * days end'
        ) }} as monthly_minor
    from running
)

select * from final
