{#- An issued invoice that does not say when it was finalized is dated by its creation. -#}
{%- set invoiced_at
    = "case when invoices.status <> 'draft' then coalesce(invoices.finalized_at, invoices.created_at) end" -%}
with

invoices as (
    select * from {{ ref('stg_stripe__invoices') }}
    where not is_deleted
),

customers as (
    select * from {{ ref('int_customers__crosswalk') }}
    where stripe_customer_id is not null
),

final as (
    select
        'stripe' as billing_system,
        invoices.invoice_id,
        invoices.invoice_number,
        coalesce(customers.account_id, invoices.account_id) as account_id,
        invoices.customer_id,
        invoices.subscription_id,
        invoices.status,
        {{ utc_date(invoiced_at) }} as invoice_on,
        {{ utc_date('coalesce(invoices.due_at, ' ~ invoiced_at ~ ')') }} as due_on,
        invoices.currency,
        coalesce(invoices.subtotal_minor, invoices.total_minor, 0) as subtotal_minor,
        coalesce(invoices.discount_minor, 0) as discount_minor,
        coalesce(invoices.tax_minor, 0) as tax_minor,
        coalesce(invoices.total_minor, 0) as total_minor,
        coalesce(invoices.pre_payment_credit_notes_minor, 0) as credited_minor,
        coalesce(invoices.ending_balance_minor - invoices.starting_balance_minor, 0) as balance_applied_minor,
        invoices.status in ('open', 'paid', 'uncollectible') as is_billed,
        invoices.load_id,
        invoices.line_no
    from invoices
    left join customers on invoices.customer_id = customers.stripe_customer_id
)

select * from final
