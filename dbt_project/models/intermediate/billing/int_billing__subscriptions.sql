with

stripe_subscriptions as (
    select * from {{ ref('int_billing__stripe_subscriptions') }}
),

assisted_subscriptions as (
    select * from {{ ref('int_billing__assisted_subscriptions') }}
),

final as (
    select * from stripe_subscriptions
    union all
    select * from assisted_subscriptions
)

select * from final
