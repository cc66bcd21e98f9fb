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
        {{ boundary_at('cadences.anchor_at', 'cadences.months', 'cadences.days', 'series.n') }} as interval_start,
        {{ boundary_at('cadences.anchor_at', 'cadences.months', 'cadences.days', '(series.n + 1)') }} as interval_end,
        clock.as_of_at
    from cadences
    cross join clock
    cross join {{ integer_series('cadences.first_interval_no', 'cadences.last_interval_no', 'series') }}
),

paid_intervals as (
    select
        intervals.*,
        greatest(interval_start, paid_from) as period_start
    from intervals
    where interval_end > paid_from
),

paid_periods as (
    select
        billing_system,
        subscription_id,
        billing_interval,
        interval_count,
        anchor_no,
        interval_no + 1 as period_no,
        period_start,
        interval_end as period_end,
        interval_start as whole_start,
        case when superseded_at < interval_end then superseded_at end as superseded_at,
        false as is_trial
    from paid_intervals
    where
        period_start < as_of_at
        and (ended_at is null or period_start < ended_at)
        and (superseded_at is null or period_start < superseded_at)
),

trial_periods as (
    select
        billing_system,
        subscription_id,
        billing_interval,
        interval_count,
        anchor_no,
        0 as period_no,
        started_at as period_start,
        trial_end_at as period_end,
        started_at as whole_start,
        cast(null as timestamp with time zone) as superseded_at,
        true as is_trial
    from cadences
    where trial_end_at > started_at and anchor_no = 1
),

final as (
    select * from paid_periods
    union all
    select * from trial_periods
)

select * from final
