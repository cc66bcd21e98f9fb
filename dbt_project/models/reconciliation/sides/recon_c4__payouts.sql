{{ config(materialized='view') }}

with

payouts as (
    select * from {{ ref('int_cash__payouts') }}
    where status <> 'canceled'
),

deposit_groups as (
    select * from {{ ref('int_cash__deposit_groups') }}
    where side = 'payout'
),

final as (
    select
        coalesce(deposit_groups.group_key, payouts.payout_id) as tracking_key,
        payouts.payout_id as row_id,
        cast(null as text) as account_id,
        currency,
        amount_minor,
        cast(null as numeric) as quantity,
        arrival_on as business_on,
        arrival_on as due_on,
        'payout ' || payouts.payout_id || coalesce(' (' || file_line || ')', '') as evidence,
        status as payout_status,
        trace_id,
        cast(null as text) as bank_text,
        0 as charge_count,
        0 as misdirected_count
    from payouts
    left join deposit_groups on payouts.payout_id = deposit_groups.row_id
)

select * from final
