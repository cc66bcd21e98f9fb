{{ config(materialized='view') }}

with

snapshots as (
    select * from {{ ref('int_billing__stripe_subscription_snapshots') }}
    where is_in_service and valid_to is null
),

discounts as (
    select * from {{ ref('stg_stripe__subscription_discounts') }}
),

accounts as (
    select * from {{ ref('int_customers__crosswalk') }}
    where stripe_customer_id is not null
),

loads as (
    select * from {{ ref('stg_ops__loads') }}
),

clock as (
    select * from {{ ref('int_clock__as_of') }}
),

final as (
    select
        snapshots.subscription_id,
        discounts.subscription_item_id,
        coalesce(discounts.discount_id, discounts.coupon_id) as discount_id,
        accounts.account_id,
        discounts.discount_end_at,
        clock.as_of_at,
        {{ utc_date('coalesce(discounts.discount_end_at, discounts.discount_start_at, snapshots.valid_from)') }}
            as business_on,
        'discount ' || coalesce(discounts.discount_id, discounts.coupon_id) || ' of ' || snapshots.subscription_id
        || coalesce(' (' || {{ file_line('loads', 'discounts.line_no') }} || ')', '') as evidence
    from snapshots
    cross join clock
    inner join discounts on snapshots.event_id = discounts.event_id
    left join accounts on snapshots.customer_id = accounts.stripe_customer_id
    left join loads on discounts.load_id = loads.load_id
)

select * from final
