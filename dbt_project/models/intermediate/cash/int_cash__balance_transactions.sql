{{ config(indexes=[{'columns': ['balance_transaction_id'], 'unique': true}]) }}

with

transactions as (
    select * from {{ ref('stg_stripe__balance_transactions') }}
    where not is_deleted
),

loads as (
    select * from {{ ref('stg_ops__loads') }}
),

final as (
    select
        transactions.balance_transaction_id,
        transactions.transaction_type,
        transactions.reporting_category,
        transactions.source_id,
        transactions.currency,
        transactions.amount_minor,
        transactions.fee_minor,
        transactions.net_minor,
        transactions.exchange_rate,
        transactions.status,
        transactions.created_at,
        coalesce(
            {{ utc_date('transactions.available_at') }},
            {{ utc_date('transactions.created_at') }},
            transactions.delivered_on
        ) as available_on,
        {{ file_line('loads', 'transactions.line_no') }} as file_line
    from transactions
    left join loads on transactions.load_id = loads.load_id
)

select * from final
