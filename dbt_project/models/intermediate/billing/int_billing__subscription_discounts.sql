with

snapshots as (
    select * from {{ ref('int_billing__stripe_subscription_snapshots') }}
    where coupon_id is not null
),

coupons as (
    select * from {{ ref('stg_stripe__coupons') }}
),

final as (
    select
        'stripe' as billing_system,
        snapshots.subscription_id,
        snapshots.coupon_id,
        coupons.percent_off,
        case when coupons.currency = snapshots.currency then coupons.amount_off_minor end as amount_off_minor,
        snapshots.currency,
        snapshots.valid_from,
        least(snapshots.valid_to, snapshots.discount_end_at) as valid_to
    from snapshots
    inner join coupons on snapshots.coupon_id = coupons.coupon_id
    where snapshots.discount_end_at is null or snapshots.valid_from < snapshots.discount_end_at
)

select * from final
