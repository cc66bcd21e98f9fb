{{ config(materialized='view') }}

with

tiers as (
    select * from {{ ref('stg_stripe__price_tiers') }}
    where not is_deleted
),

prices as (
    select * from {{ ref('int_catalog__prices') }}
),

loads as (
    select * from {{ ref('stg_ops__loads') }}
),

final as (
    select
        'stripe|' || tiers.price_id || '|tier ' || cast(tiers.tier_no as text) as tracking_key,
        tiers.price_id || '|' || cast(tiers.tier_no as text) as row_id,
        cast(null as text) as account_id,
        tiers.currency,
        cast(null as bigint) as amount_minor,
        cast(tiers.unit_amount_minor as numeric) as quantity,
        tiers.delivered_on as business_on,
        cast('1900-01-01' as date) as due_on,
        'tier ' || cast(tiers.tier_no as text) || ' of ' || tiers.price_id
        || coalesce(' (' || {{ file_line('loads', 'tiers.line_no') }} || ')', '') as evidence,
        tiers.up_to,
        tiers.flat_amount_minor
    from tiers
    inner join prices on tiers.price_id = prices.stripe_price_id
    left join loads on tiers.load_id = loads.load_id
)

select * from final
