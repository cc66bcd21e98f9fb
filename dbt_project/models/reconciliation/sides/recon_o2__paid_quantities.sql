{{ config(materialized='view') }}

with

items as (
    select * from {{ ref('recon_o2__current_items') }}
    where account_status = 'active'
),

features as (
    select * from {{ ref('stg_catalog__plan_features') }}
),

final as (
    select
        items.account_id || '|' || features.feature_code as tracking_key,
        items.subscription_item_id || '|' || features.feature_code as row_id,
        items.account_id,
        cast(null as text) as currency,
        cast(null as bigint) as amount_minor,
        items.quantity * features.quantity as quantity,
        items.valid_from_on as business_on,
        {{ add_days('items.valid_from_on', 1) }} as due_on,
        'subscription item ' || items.subscription_item_id as evidence,
        items.plan_code
    from items
    inner join features on items.plan_code = features.plan_code
)

select * from final
