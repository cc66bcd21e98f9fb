{{ config(materialized='view') }}

with

payouts as (
    select * from {{ ref('int_cash__payouts') }}
    where is_automatic and status <> 'canceled'
),

final as (
    select
        payout_id as tracking_key,
        payout_id as row_id,
        cast(null as text) as account_id,
        currency,
        amount_minor,
        cast(null as numeric) as quantity,
        {{ utc_date('created_at') }} as business_on,
        {{ utc_date('created_at') }} as due_on,
        'payout ' || payout_id || coalesce(' (' || file_line || ')', '') as evidence
    from payouts
)

select * from final
