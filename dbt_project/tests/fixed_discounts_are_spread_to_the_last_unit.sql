{#- The shares of a fixed coupon add up to the coupon, or to what its lines hold when that is less.
    Rows: expected invoices where they do not. -#}
with

percent_discounts as (
    select * from {{ ref('int_billing__percent_discounts') }}
    where coupon_amount_minor is not null
),

line_discounts as (
    select * from {{ ref('int_billing__line_discounts') }}
)

select
    percent_discounts.billing_system,
    percent_discounts.subscription_id,
    percent_discounts.invoiced_at,
    percent_discounts.currency,
    max(percent_discounts.coupon_amount_minor) as coupon_amount_minor,
    sum(line_discounts.fixed_discount_minor) as spread_minor
from percent_discounts
inner join line_discounts on percent_discounts.charge_id = line_discounts.charge_id
group by
    percent_discounts.billing_system,
    percent_discounts.subscription_id,
    percent_discounts.invoiced_at,
    percent_discounts.currency
having
    sum(line_discounts.fixed_discount_minor) <> least(
        max(percent_discounts.coupon_amount_minor),
        sum(greatest(percent_discounts.gross_minor - percent_discounts.percent_discount_minor, 0))
    )
