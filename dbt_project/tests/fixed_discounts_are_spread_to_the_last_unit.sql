{#- The shares of a fixed coupon add up to the coupon, or to what its lines held before it when that is less.
    Rows: expected invoices and coupons where they do not. -#}
with

shares as (
    select * from {{ ref('int_billing__coupon_shares') }}
    where kind = 'fixed'
)

select
    document_id,
    coupon_no,
    currency,
    max(value) as value,
    sum(taken_numerator) as taken_numerator,
    max(scale) as scale
from shares
group by document_id, coupon_no, currency
having sum(taken_numerator) <> least(max(value) * max(scale), sum(held_numerator + taken_numerator))
