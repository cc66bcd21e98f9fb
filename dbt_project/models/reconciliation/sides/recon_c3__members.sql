{{ config(materialized='view') }}

with

members as (
    select * from {{ ref('int_cash__payout_members') }}
),

final as (
    select
        balance_transaction_id as tracking_key,
        payout_id || '|' || balance_transaction_id as row_id,
        cast(null as text) as account_id,
        currency,
        net_minor as amount_minor,
        cast(null as numeric) as quantity,
        available_on as business_on,
        available_on as due_on,
        'member of payout ' || payout_id || coalesce(' (' || file_line || ')', '') as evidence,
        transaction_type
    from members
)

select * from final
