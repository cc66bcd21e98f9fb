{{ config(indexes=[{'columns': ['payout_id', 'balance_transaction_id'], 'unique': true}]) }}

with

listings as (
    select * from {{ ref('stg_stripe__payout_balance_transactions') }}
    where not is_deleted
),

payouts as (
    select * from {{ ref('int_cash__payouts') }}
),

transactions as (
    select * from {{ ref('int_cash__balance_transactions') }}
),

loads as (
    select * from {{ ref('stg_ops__loads') }}
),

-- listing_no counts the payouts that list one transaction: the money can only have left with the first.
final as (
    select
        listings.payout_id,
        listings.balance_transaction_id,
        row_number() over (
            partition by listings.balance_transaction_id order by payouts.created_at, listings.payout_id
        ) as listing_no,
        transactions.transaction_type,
        coalesce(transactions.currency, payouts.currency) as currency,
        coalesce(transactions.net_minor, 0) as net_minor,
        coalesce(
            transactions.available_on, {{ utc_date('payouts.created_at') }}, listings.delivered_on
        ) as available_on,
        {{ file_line('loads', 'listings.line_no') }} as file_line
    from listings
    left join payouts on listings.payout_id = payouts.payout_id
    left join transactions on listings.balance_transaction_id = transactions.balance_transaction_id
    left join loads on listings.load_id = loads.load_id
)

select * from final
