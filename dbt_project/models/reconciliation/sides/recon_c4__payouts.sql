{{ config(materialized='view') }}

with

payouts as (
    select * from {{ ref('int_cash__payouts') }}
    where status <> 'canceled'
),

final as (
    select
        payout_id as tracking_key,
        payout_id as row_id,
        cast(null as text) as account_id,
        currency,
        amount_minor,
        cast(null as numeric) as quantity,
        arrival_on as business_on,
        arrival_on as due_on,
        'payout ' || payout_id || coalesce(' (' || file_line || ')', '') as evidence,
        status as payout_status,
        trace_id,
        cast(null as text) as bank_text,
        0 as charge_count
    from payouts
)

select * from final
