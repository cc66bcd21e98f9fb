with

snapshots as (
    select * from {{ ref('int_billing__stripe_subscription_snapshots') }}
    where anchor_at is not null
),

subscriptions as (
    select * from {{ ref('int_billing__subscriptions') }}
    where billing_system <> 'stripe'
),

followed as (
    select
        subscription_id,
        anchor_at,
        valid_from,
        lag(anchor_at) over (partition by subscription_id order by valid_from) as previous_anchor_at,
        lag(valid_from) over (partition by subscription_id order by valid_from) as previous_valid_from
    from snapshots
),

-- A new anchor counts from its own instant when that lies between what was seen before and the change.
moved as (
    select
        subscription_id,
        anchor_at,
        previous_anchor_at,
        case
            when previous_anchor_at is null then null
            when anchor_at > previous_valid_from and anchor_at < valid_from then anchor_at
            else valid_from
        end as valid_from
    from followed
    where previous_anchor_at is null or anchor_at <> previous_anchor_at
),

stripe_anchors as (
    select
        'stripe' as billing_system,
        subscription_id,
        row_number() over subscription_history as anchor_no,
        anchor_at,
        valid_from,
        lead(valid_from) over subscription_history as valid_to
    from moved
    window subscription_history as (partition by subscription_id order by valid_from nulls first)
),

other_anchors as (
    select
        billing_system,
        subscription_id,
        1 as anchor_no,
        anchor_at,
        cast(null as timestamp with time zone) as valid_from,
        cast(null as timestamp with time zone) as valid_to
    from subscriptions
),

final as (
    select * from stripe_anchors
    union all
    select * from other_anchors
)

select * from final
