with

subscriptions as (
    select * from {{ ref('int_billing__subscriptions') }}
),

anchors as (
    select * from {{ ref('int_billing__anchors') }}
),

item_versions as (
    select * from {{ ref('int_billing__subscription_item_versions') }}
),

clock as (
    select as_of_at from {{ ref('int_clock__as_of') }}
),

cadences as (
    select distinct
        billing_system,
        subscription_id,
        billing_interval,
        interval_count,
        {{ months_of('billing_interval', 'interval_count') }} as months,
        {{ days_of('billing_interval', 'interval_count') }} as days
    from item_versions
),

spans as {{ once() }} (
    select
        cadences.*,
        anchors.anchor_no,
        anchors.anchor_at,
        anchors.valid_to as superseded_at,
        subscriptions.started_at,
        subscriptions.trial_end_at,
        subscriptions.ended_at,
        greatest(coalesce(subscriptions.trial_end_at, subscriptions.started_at), anchors.valid_from) as paid_from,
        clock.as_of_at
    from cadences
    inner join subscriptions
        on
            cadences.billing_system = subscriptions.billing_system
            and cadences.subscription_id = subscriptions.subscription_id
    inner join anchors
        on
            cadences.billing_system = anchors.billing_system
            and cadences.subscription_id = anchors.subscription_id
    cross join clock
),

final as (
    select
        billing_system,
        subscription_id,
        billing_interval,
        interval_count,
        months,
        days,
        anchor_no,
        anchor_at,
        superseded_at,
        started_at,
        trial_end_at,
        ended_at,
        paid_from,
        {{ interval_index_at('anchor_at', 'months', 'days', 'started_at') }} as first_interval_no,
        {{ interval_index_at('anchor_at', 'months', 'days', 'as_of_at') }} as last_interval_no
    from spans
)

select * from final
