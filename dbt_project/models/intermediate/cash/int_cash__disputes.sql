{{ config(materialized='view') }}

with

disputes as (
    select * from {{ ref('stg_stripe__disputes') }}
    where not is_deleted
),

transactions as (
    select * from {{ ref('int_cash__balance_transactions') }}
),

payments as (
    select * from {{ ref('int_cash__stripe_payments') }}
),

charged as (
    select
        charge_id,
        min(invoice_id) as invoice_id,
        min(account_id) as account_id,
        min(customer_id) as customer_id
    from payments
    where charge_id is not null
    group by charge_id
),

-- Money moves with the balance transactions of a dispute: out when it is opened, back when it is won.
final as (
    select
        transactions.balance_transaction_id as payment_id,
        'stripe' as billing_system,
        case when transactions.amount_minor < 0 then 'dispute' else 'dispute_reversal' end as kind,
        charged.invoice_id,
        charged.account_id,
        charged.customer_id,
        transactions.currency,
        transactions.amount_minor,
        transactions.created_at as paid_at,
        'succeeded' as status,
        disputes.charge_id,
        transactions.balance_transaction_id
    from transactions
    inner join disputes on transactions.source_id = disputes.dispute_id
    left join charged on disputes.charge_id = charged.charge_id
)

select * from final
