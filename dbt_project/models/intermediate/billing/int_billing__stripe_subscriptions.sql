with

snapshots as (
    select * from {{ ref('int_billing__stripe_subscription_snapshots') }}
),

customers as (
    select * from {{ ref('int_customers__crosswalk') }}
    where stripe_customer_id is not null
),

latest as (
    select * from snapshots
    where valid_to is null
),

final as (
    select
        'stripe' as billing_system,
        latest.subscription_id,
        coalesce(customers.account_id, latest.account_id) as account_id,
        latest.customer_id,
        latest.currency,
        latest.status,
        latest.start_at as started_at,
        latest.anchor_at,
        case when latest.trial_end_at > latest.start_at then latest.trial_end_at end as trial_end_at,
        case when not latest.is_in_service then coalesce(latest.ended_at, latest.valid_from) end as ended_at
    from latest
    left join customers on latest.customer_id = customers.stripe_customer_id
)

select * from final
