{{ config(materialized='view') }}

with

refunds as (
    select * from {{ ref('stg_stripe__refunds') }}
    where not is_deleted
),

payments as (
    select * from {{ ref('int_cash__stripe_payments') }}
),

charges as (
    select * from {{ ref('stg_stripe__charges') }}
    where not is_deleted
),

charged as (
    select
        charge_id,
        min(invoice_id) as invoice_id,
        min(account_id) as account_id
    from payments
    where charge_id is not null
    group by charge_id
),

final as (
    select
        refunds.refund_id as payment_id,
        'stripe' as billing_system,
        'refund' as kind,
        charged.invoice_id,
        charged.account_id,
        charges.customer_id,
        refunds.currency,
        -refunds.amount_minor as amount_minor,
        refunds.created_at as paid_at,
        refunds.status,
        refunds.charge_id,
        refunds.balance_transaction_id
    from refunds
    left join charges on refunds.charge_id = charges.charge_id
    left join charged on refunds.charge_id = charged.charge_id
)

select * from final
