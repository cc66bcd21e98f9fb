{{ config(materialized='view') }}

with

transactions as (
    select * from {{ ref('int_cash__balance_transactions') }}
    where transaction_type in ('charge', 'payment')
),

final as (
    select
        balance_transaction_id as tracking_key,
        balance_transaction_id as row_id,
        cast(null as text) as account_id,
        currency,
        amount_minor - net_minor as amount_minor,
        cast(null as numeric) as quantity,
        coalesce({{ utc_date('created_at') }}, available_on) as business_on,
        coalesce({{ utc_date('created_at') }}, available_on) as due_on,
        'balance transaction ' || balance_transaction_id || coalesce(' (' || file_line || ')', '') as evidence,
        fee_minor,
        0 as scheduled_count
    from transactions
)

select * from final
