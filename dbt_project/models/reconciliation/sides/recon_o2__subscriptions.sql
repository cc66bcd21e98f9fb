{{ config(materialized='view') }}

with

items as (
    select * from {{ ref('recon_o2__current_items') }}
),

subscriptions as (
    select
        billing_system,
        subscription_id,
        account_id,
        account_status,
        min(plan_code) as plan_code,
        min(valid_from_on) as valid_from_on
    from items
    group by billing_system, subscription_id, account_id, account_status
),

final as (
    select
        coalesce(account_id, subscription_id) as tracking_key,
        subscription_id as row_id,
        account_id,
        cast(null as text) as currency,
        cast(null as bigint) as amount_minor,
        cast(null as numeric) as quantity,
        valid_from_on as business_on,
        {{ add_days('valid_from_on', 1) }} as due_on,
        'subscription ' || subscription_id as evidence,
        plan_code,
        account_status,
        0 as ended_count
    from subscriptions
)

select * from final
