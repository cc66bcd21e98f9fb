{{ config(materialized='view') }}

with

charges as (
    select * from {{ ref('int_rating__charges') }}
),

stripe_items as (
    select * from {{ ref('stg_stripe__subscription_item_versions') }}
    where valid_to is null or valid_from < valid_to
),

order_items as (
    select * from {{ ref('stg_crm__order_items') }}
),

prices as (
    select * from {{ ref('stg_catalog__prices') }}
),

loads as (
    select * from {{ ref('stg_ops__loads') }}
),

-- Usage, and what is given back, rests on what stood until the instant; everything else on what stood from it on.
stripe_charges as (
    select
        charges.*,
        case when line_kind = 'usage' then period_end else period_start end as sold_at,
        line_kind in ('usage', 'proration_credit') as is_of_before
    from charges
    where billing_system = 'stripe'
),

records as (
    select
        stripe_charges.charge_id,
        'subscription item' as evidence,
        stripe_items.subscription_item_id as record_id,
        stripe_items.quantity,
        stripe_items.valid_from,
        stripe_items.valid_to,
        stripe_items.load_id,
        stripe_items.line_no
    from stripe_charges
    inner join stripe_items
        on
            stripe_charges.subscription_item_id = stripe_items.subscription_item_id
            and (
                stripe_charges.sold_at > stripe_items.valid_from
                or (stripe_charges.sold_at = stripe_items.valid_from and not stripe_charges.is_of_before)
            )
            and (
                stripe_items.valid_to is null
                or stripe_charges.sold_at < stripe_items.valid_to
                or (stripe_charges.sold_at = stripe_items.valid_to and stripe_charges.is_of_before)
            )
    union all
    select
        charges.charge_id,
        'order item' as evidence,
        order_items.order_item_id as record_id,
        order_items.quantity,
        {{ start_of_utc_day('order_items.service_on') }} as valid_from,
        {{ start_of_utc_day('order_items.end_on') }} as valid_to,
        order_items.load_id,
        order_items.line_no
    from charges
    inner join order_items on charges.subscription_item_id = order_items.order_item_id
    where charges.billing_system = 'erp'
    union all
    select
        charges.charge_id,
        'price' as evidence,
        prices.price_code as record_id,
        cast(null as numeric) as quantity,
        {{ start_of_utc_day('prices.valid_from') }} as valid_from,
        {{ start_of_utc_day('prices.valid_to') }} as valid_to,
        prices.load_id,
        prices.line_no
    from charges
    inner join prices on charges.price_code = prices.price_code
),

final as (
    select
        records.charge_id,
        records.evidence,
        records.record_id,
        records.quantity,
        records.valid_from,
        records.valid_to,
        {{ file_line('loads', 'records.line_no') }} as file_line,
        records.load_id,
        records.line_no
    from records
    inner join loads on records.load_id = loads.load_id
)

select * from final
