{{ config(materialized='view') }}

with

transactions as (
    select * from {{ ref('int_cash__balance_transactions') }}
    where transaction_type <> 'payout'
),

listed as (
    select distinct balance_transaction_id from {{ ref('int_cash__payout_members') }}
),

-- A payout that somebody asked for by hand lists nothing: what it took is proven by the balance (C5).
manual_payouts as (
    select
        currency,
        max(created_at) as last_at
    from {{ ref('int_cash__payouts') }}
    where not is_automatic and status <> 'canceled'
    group by currency
),

final as (
    select
        transactions.balance_transaction_id as tracking_key,
        transactions.balance_transaction_id as row_id,
        cast(null as text) as account_id,
        transactions.currency,
        transactions.net_minor as amount_minor,
        cast(null as numeric) as quantity,
        transactions.available_on as business_on,
        transactions.available_on as due_on,
        'balance transaction ' || transactions.balance_transaction_id
        || coalesce(' (' || transactions.file_line || ')', '') as evidence,
        transactions.transaction_type
    from transactions
    left join listed on transactions.balance_transaction_id = listed.balance_transaction_id
    left join manual_payouts on transactions.currency = manual_payouts.currency
    where
        listed.balance_transaction_id is not null
        or manual_payouts.last_at is null
        or transactions.available_on > {{ utc_date('manual_payouts.last_at') }}
)

select * from final
