with

invoices as (
    select * from {{ ref('int_billing__stripe_invoices') }}
    union all
    select * from {{ ref('int_billing__erp_invoices') }}
),

final as (
    select
        billing_system,
        invoice_id,
        billing_system as origin,
        invoice_number,
        account_id,
        customer_id,
        subscription_id,
        status,
        is_billed,
        status = 'open' as is_open,
        status = 'paid' as is_closed,
        invoice_on,
        due_on,
        currency,
        subtotal_minor,
        discount_minor,
        tax_minor,
        total_minor,
        credited_minor,
        balance_applied_minor,
        greatest(total_minor - credited_minor - balance_applied_minor, 0) as amount_due_minor,
        load_id,
        line_no
    from invoices
)

select * from final
