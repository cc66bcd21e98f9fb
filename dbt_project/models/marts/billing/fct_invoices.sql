{{ config(indexes=[{'columns': ['billing_system', 'invoice_id'], 'unique': true}]) }}

with

invoices as (
    select * from {{ ref('int_billing__invoices') }}
),

final as (
    select
        billing_system,
        invoice_id,
        invoice_number,
        account_id,
        customer_id,
        status,
        is_billed,
        is_open,
        is_closed,
        invoice_on,
        due_on,
        currency,
        subtotal_minor,
        discount_minor,
        tax_minor,
        total_minor,
        credited_minor,
        balance_applied_minor,
        amount_due_minor
    from invoices
)

select * from final
