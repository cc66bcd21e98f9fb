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

final as (
    select
        cadences.billing_system,
        cadences.subscription_id,
        cadences.billing_interval,
        cadences.interval_count,
        cadences.months,
        subscriptions.anchor_at,
        subscriptions.started_at,
        subscriptions.trial_end_at,
        subscriptions.ended_at,
        coalesce(subscriptions.trial_end_at, subscriptions.started_at) as paid_from,
        -- One interval before and after what the calendar months say: the day of the month decides, and the periods filter it.
        {{ months_between(utc_date('subscriptions.anchor_at'), utc_date('subscriptions.started_at')) }} / cadences.months - 1 as first_interval_no,
        {{ months_between(utc_date('subscriptions.anchor_at'), 'clock.as_of_on') }} / cadences.months + 1 as last_interval_no
    from cadences
    inner join subscriptions
        on
            cadences.billing_system = subscriptions.billing_system
            and cadences.subscription_id = subscriptions.subscription_id
    cross join clock
)

select * from final
