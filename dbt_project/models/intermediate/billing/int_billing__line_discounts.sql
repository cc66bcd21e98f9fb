with

percent_discounts as (
    select * from {{ ref('int_billing__percent_discounts') }}
),

weighted as (
    select
        percent_discounts.*,
        case
            when coupon_amount_minor is not null then greatest(gross_minor - percent_discount_minor, 0)
            else 0
        end as weight
    from percent_discounts
),

pooled as (
    select
        weighted.*,
        nullif(sum(weight) over expected_invoice, 0) as weight_sum,
        least(max(coupon_amount_minor) over expected_invoice, sum(weight) over expected_invoice) as pool_minor
    from weighted
    window expected_invoice as (partition by billing_system, subscription_id, invoiced_at, coupon_id)
),

shared as (
    select
        pooled.*,
        coalesce({{ largest_remainder_floor('pool_minor', 'weight', 'weight_sum') }}, 0) as share_floor,
        {{ largest_remainder_rest('pool_minor', 'weight', 'weight_sum') }} as share_rest
    from pooled
),

ranked as (
    select
        shared.*,
        coalesce(pool_minor, 0) - sum(share_floor) over expected_invoice as left_over,
        row_number() over (
            partition by billing_system, subscription_id, invoiced_at, coupon_id
            order by share_rest desc nulls last, subscription_item_id asc, charge_id asc
        ) as rest_rank
    from shared
    window expected_invoice as (partition by billing_system, subscription_id, invoiced_at, coupon_id)
),

final as (
    select
        charge_id,
        coupon_id,
        percent_off,
        percent_discount_minor,
        cast(share_floor + case when rest_rank <= left_over then 1 else 0 end as bigint) as fixed_discount_minor,
        cast(
            percent_discount_minor + share_floor + case when rest_rank <= left_over then 1 else 0 end as bigint
        ) as discount_minor
    from ranked
)

select * from final
