{{ config(indexes=[{'columns': ['payment_id'], 'unique': true}, {'columns': ['invoice_id']}]) }}

with

payments as (
    select * from {{ ref('int_cash__payments') }}
),

final as (
    select
        payment_id,
        kind,
        billing_system,
        invoice_id,
        account_id,
        customer_id,
        currency,
        amount_minor,
        paid_at,
        status,
        charge_id,
        balance_transaction_id
    from payments
)

select * from final
