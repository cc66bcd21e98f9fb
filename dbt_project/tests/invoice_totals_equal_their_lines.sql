{#- An invoice is the sum of its lines: rows are invoices where gross, discount or tax says otherwise. -#}
{{ config(severity='warn') }}

with

invoices as (
    select * from {{ ref('fct_invoices') }}
),

line_sums as (
    select
        billing_system,
        invoice_id,
        currency,
        sum(gross_minor) as gross_minor,
        sum(discount_minor) as discount_minor,
        sum(tax_minor) as tax_minor
    from {{ ref('fct_invoice_lines') }}
    group by billing_system, invoice_id, currency
)

select
    invoices.billing_system,
    invoices.invoice_id,
    invoices.currency,
    invoices.subtotal_minor,
    line_sums.gross_minor,
    invoices.discount_minor,
    line_sums.discount_minor as line_discount_minor,
    invoices.tax_minor,
    line_sums.tax_minor as line_tax_minor
from invoices
left join line_sums
    on
        invoices.billing_system = line_sums.billing_system
        and invoices.invoice_id = line_sums.invoice_id
        and invoices.currency = line_sums.currency
where
    invoices.subtotal_minor is distinct from coalesce(line_sums.gross_minor, 0)
    or invoices.discount_minor is distinct from coalesce(line_sums.discount_minor, 0)
    or invoices.tax_minor is distinct from coalesce(line_sums.tax_minor, 0)
