with

subscriptions as (
    select * from {{ ref('int_billing__subscriptions') }}
),

item_versions as (
    select * from {{ ref('int_billing__subscription_item_versions') }}
),

clock as (
    select as_of_on from {{ ref('int_clock__as_of') }}
),

cadences as (
    select distinct
        billing_system,
        subscription_id,
        billing_interval,
        interval_count,
        {{ months_of('billing_interval', 'interval_count') }} as months
    from item_versions
),

spans as (
    select
        cadences.*,
        subscriptions.anchor_at,
        subscriptions.started_at,
        subscriptions.trial_end_at,
        subscriptions.ended_at,
        {{ months_between(utc_date('subscriptions.anchor_at'), utc_date('subscriptions.started_at')) }}
            as months_to_start,
        {{ months_between(utc_date('subscriptions.anchor_at'), 'clock.as_of_on') }} as months_to_now
    from cadences
    inner join subscriptions
        on
            cadences.billing_system = subscriptions.billing_system
            and cadences.subscription_id = subscriptions.subscription_id
    cross join clock
),

-- One interval more on each side than the calendar months say: the day of the month decides, and the periods filter it.
final as (
    select
        billing_system,
        subscription_id,
        billing_interval,
        interval_count,
        months,
        anchor_at,
        started_at,
        trial_end_at,
        ended_at,
        coalesce(trial_end_at, started_at) as paid_from,
        months_to_start / months - 1 as first_interval_no,
        months_to_now / months + 1 as last_interval_no
    from spans
)

select * from final
