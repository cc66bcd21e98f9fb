{{ config(materialized='view') }}

with

waivers as (
    select * from {{ ref('recon_b5__waivers') }}
    where discount_end_at is null or discount_end_at > as_of_at
),

final as (
    select
        subscription_id || '|' || discount_id as tracking_key,
        subscription_id || '|' || coalesce(subscription_item_id, '') || '|' || discount_id as row_id,
        account_id,
        cast(null as text) as currency,
        cast(null as bigint) as amount_minor,
        cast(null as numeric) as quantity,
        business_on,
        business_on as due_on,
        evidence
    from waivers
)

select * from final
