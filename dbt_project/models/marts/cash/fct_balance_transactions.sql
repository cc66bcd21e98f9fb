{{ config(indexes=[{'columns': ['balance_transaction_id'], 'unique': true}]) }}

with

transactions as (
    select * from {{ ref('int_cash__balance_transactions') }}
),

members as (
    select * from {{ ref('int_cash__payout_members') }}
    where listing_no = 1
),

final as (
    select
        transactions.balance_transaction_id,
        transactions.transaction_type,
        transactions.reporting_category,
        transactions.source_id,
        members.payout_id,
        transactions.currency,
        transactions.amount_minor,
        transactions.fee_minor,
        transactions.net_minor,
        transactions.status,
        transactions.created_at,
        transactions.available_on
    from transactions
    left join members on transactions.balance_transaction_id = members.balance_transaction_id
)

select * from final
