{{ config(materialized='view') }}

with

transactions as (
    select * from {{ ref('int_cash__balance_transactions') }}
    where transaction_type in ('charge', 'payment', 'refund', 'payment_refund', 'payment_failure_refund')
),

undone_refunds as (
    select refund_id from {{ ref('stg_stripe__refunds') }}
    where not is_deleted and status <> 'succeeded'
),

-- What is booked for a refund that did not come about is the matter of refunds and disputes (C7).
final as (
    select
        coalesce(transactions.source_id, transactions.balance_transaction_id) as tracking_key,
        transactions.balance_transaction_id as row_id,
        cast(null as text) as account_id,
        transactions.currency,
        transactions.amount_minor,
        cast(null as numeric) as quantity,
        coalesce({{ utc_date('transactions.created_at') }}, transactions.available_on) as business_on,
        coalesce({{ utc_date('transactions.created_at') }}, transactions.available_on) as due_on,
        'balance transaction ' || transactions.balance_transaction_id
        || coalesce(' (' || transactions.file_line || ')', '') as evidence,
        0 as converted_count,
        0 as dispute_count
    from transactions
    left join undone_refunds on transactions.source_id = undone_refunds.refund_id
    where undone_refunds.refund_id is null
)

select * from final
