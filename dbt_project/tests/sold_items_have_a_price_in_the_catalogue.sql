{#- What is sold at a price that the catalogue does not hold cannot be rated: it would be missing from what is expected.
    Rows: Stripe items of a subscription in service, and items of an activated order, without price or cadence. -#}
{{ config(severity='warn') }}

with

stripe_items as (
    select * from {{ ref('int_billing__stripe_item_versions') }}
),

stripe_prices as (
    select * from {{ ref('int_catalog__stripe_prices') }}
),

order_items as (
    select order_items.*
    from {{ ref('stg_crm__order_items') }} as order_items
    inner join {{ ref('stg_crm__orders') }} as orders on order_items.order_id = orders.order_id
    where orders.status = 'Activated' and not order_items.is_deleted and not orders.is_deleted
),

assisted_versions as (
    select * from {{ ref('int_billing__assisted_item_versions') }}
)

select
    'stripe' as billing_system,
    stripe_items.subscription_item_id,
    stripe_items.price_id as price
from stripe_items
left join stripe_prices on stripe_items.price_id = stripe_prices.stripe_price_id
where stripe_prices.stripe_price_id is null

union all

select
    'erp' as billing_system,
    order_items.order_item_id as subscription_item_id,
    order_items.price_code as price
from order_items
left join assisted_versions on order_items.order_item_id = assisted_versions.subscription_item_id
where assisted_versions.billing_interval is null
