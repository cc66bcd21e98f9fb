{{ config(materialized='view') }}

with

invoice_payments as (
    select * from {{ ref('stg_stripe__invoice_payments') }}
    where not is_deleted
),

payment_intents as (
    select * from {{ ref('stg_stripe__payment_intents') }}
    where not is_deleted
),

charges as (
    select * from {{ ref('stg_stripe__charges') }}
    where not is_deleted
),

invoices as (
    select * from {{ ref('int_billing__invoices') }}
    where billing_system = 'stripe'
),

final as (
    select
        invoice_payments.invoice_payment_id as payment_id,
        'stripe' as billing_system,
        'payment' as kind,
        invoice_payments.invoice_id,
        invoices.account_id,
        coalesce(charges.customer_id, payment_intents.customer_id) as customer_id,
        invoice_payments.currency,
        coalesce(invoice_payments.amount_paid_minor, 0) as amount_minor,
        coalesce(
            invoice_payments.paid_at,
            charges.created_at,
            invoice_payments.created_at,
            {{ start_of_utc_day('invoice_payments.delivered_on') }}
        ) as paid_at,
        case invoice_payments.status when 'paid' then 'succeeded' else invoice_payments.status end as status,
        charges.charge_id,
        charges.balance_transaction_id
    from invoice_payments
    left join payment_intents on invoice_payments.payment_intent_id = payment_intents.payment_intent_id
    left join charges on coalesce(invoice_payments.charge_id, payment_intents.latest_charge_id) = charges.charge_id
    left join invoices on invoice_payments.invoice_id = invoices.invoice_id
)

select * from final
