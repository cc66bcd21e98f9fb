with

snapshots as (
    select * from {{ ref('int_billing__stripe_subscription_snapshots') }}
),

discounts as (
    select * from {{ ref('stg_stripe__subscription_discounts') }}
),

coupons as (
    select * from {{ ref('stg_stripe__coupons') }}
),

final as (
    select
        'stripe' as billing_system,
        snapshots.subscription_id,
        discounts.subscription_item_id,
        discounts.position,
        discounts.coupon_id,
        coupons.percent_off,
        case when coupons.currency = snapshots.currency then coupons.amount_off_minor end as amount_off_minor,
        snapshots.currency,
        snapshots.valid_from,
        least(snapshots.valid_to, discounts.discount_end_at) as valid_to
    from snapshots
    inner join discounts on snapshots.event_id = discounts.event_id
    inner join coupons on discounts.coupon_id = coupons.coupon_id
    where discounts.discount_end_at is null or snapshots.valid_from < discounts.discount_end_at
)

select * from final
