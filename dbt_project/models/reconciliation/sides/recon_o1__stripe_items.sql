{{ config(materialized='view') }}

with

versions as (
    select * from {{ ref('stg_stripe__subscription_item_versions') }}
    where order_item_id is not null and (valid_to is null or valid_from < valid_to)
),

prices as (
    select * from {{ ref('stg_stripe__prices') }}
    where not is_deleted
),

coupons as (
    select * from {{ ref('stg_stripe__coupons') }}
    where percent_off is not null
),

order_items as (
    select * from {{ ref('stg_crm__order_items') }}
),

orders as (
    select * from {{ ref('stg_crm__orders') }}
),

contracts as (
    select * from {{ ref('stg_crm__contracts') }}
),

loads as (
    select * from {{ ref('stg_ops__loads') }}
),

-- An item is set up as it first stood: what changes it later has an order of its own.
first_versions as (
    select
        versions.*,
        row_number() over (partition by subscription_item_id order by valid_from, event_id) as version_no
    from versions
),

-- A subscription that is not set to end goes on as long as its order does.
priced as (
    select
        first_versions.order_item_id,
        first_versions.subscription_item_id,
        first_versions.account_id,
        first_versions.currency,
        first_versions.quantity,
        prices.unit_amount_minor,
        coalesce(coupons.percent_off, 0) as discount_percent,
        {{ utc_date('first_versions.valid_from') }} as start_on,
        coalesce(
            {{ utc_date('first_versions.cancel_at') }},
            order_items.end_on,
            orders.end_on,
            contracts.end_on
        ) as ends_on,
        {{ file_line('loads', 'first_versions.line_no') }} as file_line
    from first_versions
    left join prices on first_versions.price_id = prices.price_id
    left join coupons on first_versions.coupon_id = coupons.coupon_id
    left join order_items on first_versions.order_item_id = order_items.order_item_id
    left join orders on order_items.order_id = orders.order_id
    left join contracts on orders.contract_id = contracts.contract_id
    left join loads on first_versions.load_id = loads.load_id
    where first_versions.version_no = 1
),

final as (
    select
        order_item_id,
        subscription_item_id,
        account_id,
        currency,
        quantity,
        discount_percent,
        {{ round_ratio('quantity * unit_amount_minor * (100 - discount_percent)', '100') }} as net_minor,
        {{ round_half_up('quantity * unit_amount_minor') }} as gross_minor,
        start_on,
        ends_on,
        file_line
    from priced
)

select * from final
