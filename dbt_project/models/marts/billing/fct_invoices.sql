{{ config(indexes=[{'columns': ['billing_system', 'invoice_id'], 'unique': true}]) }}

with

invoices as (
    select * from {{ ref('int_billing__invoices') }}
),

loads as (
    select * from {{ ref('stg_ops__loads') }}
),

final as (
    select
        invoices.billing_system,
        invoices.invoice_id,
        invoices.invoice_number,
        invoices.account_id,
        invoices.customer_id,
        invoices.status,
        invoices.is_billed,
        invoices.is_open,
        invoices.is_closed,
        invoices.invoice_on,
        invoices.due_on,
        invoices.currency,
        invoices.subtotal_minor,
        invoices.discount_minor,
        invoices.tax_minor,
        invoices.total_minor,
        invoices.credited_minor,
        invoices.balance_applied_minor,
        invoices.amount_due_minor,
        {{ file_line('loads', 'invoices.line_no') }} as file_line
    from invoices
    left join loads on invoices.load_id = loads.load_id
)

select * from final
