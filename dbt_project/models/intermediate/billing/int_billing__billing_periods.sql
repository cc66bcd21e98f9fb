with

cadences as (
    select * from {{ ref('int_billing__cadences') }}
),

clock as (
    select as_of_at from {{ ref('int_clock__as_of') }}
),

intervals as (
    select
        cadences.*,
        series.n as interval_no,
        {{ add_months('cadences.anchor_at', 'cadences.months * series.n') }} as interval_start,
        {{ add_months('cadences.anchor_at', 'cadences.months * (series.n + 1)') }} as interval_end,
        clock.as_of_at
    from cadences
    cross join clock
    cross join {{ integer_series('cadences.first_interval_no', 'cadences.last_interval_no', 'series') }}
),

paid_periods as (
    select
        billing_system,
        subscription_id,
        billing_interval,
        interval_count,
        interval_no + 1 as period_no,
        greatest(interval_start, paid_from) as period_start,
        interval_end as period_end,
        interval_start as whole_start,
        false as is_trial
    from intervals
    where
        interval_end > paid_from
        and greatest(interval_start, paid_from) < as_of_at
        and (ended_at is null or greatest(interval_start, paid_from) < ended_at)
),

trial_periods as (
    select
        billing_system,
        subscription_id,
        billing_interval,
        interval_count,
        0 as period_no,
        started_at as period_start,
        trial_end_at as period_end,
        started_at as whole_start,
        true as is_trial
    from cadences
    where trial_end_at > started_at
),

final as (
    select * from paid_periods
    union all
    select * from trial_periods
)

select * from final
