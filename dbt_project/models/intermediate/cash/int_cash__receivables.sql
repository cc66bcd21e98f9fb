with

invoices as (
    select * from {{ ref('int_billing__invoices') }}
    where is_billed and amount_due_minor > 0 and invoice_on is not null
),

payments as (
    select
        billing_system,
        invoice_id,
        sum(amount_minor) as paid_minor
    from {{ ref('int_cash__payments') }}
    where kind = 'payment' and status = 'succeeded' and invoice_id is not null
    group by billing_system, invoice_id
),

families as (
    select * from {{ ref('int_customers__families') }}
),

-- What is still to be paid of an invoice by what was written down.
final as (
    select
        invoices.billing_system || '|' || invoices.invoice_id as invoice_key,
        invoices.invoice_number,
        invoices.account_id,
        families.family_id as party,
        invoices.currency,
        cast(invoices.amount_due_minor - coalesce(payments.paid_minor, 0) as bigint) as amount_minor,
        invoices.invoice_on,
        invoices.due_on
    from invoices
    left join payments
        on invoices.billing_system = payments.billing_system and invoices.invoice_id = payments.invoice_id
    left join families on invoices.account_id = families.account_id
    where invoices.amount_due_minor > coalesce(payments.paid_minor, 0)
)

select * from final
