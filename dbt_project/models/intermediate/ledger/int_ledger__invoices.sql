{{ config(indexes=[{'columns': ['ledger_invoice_id'], 'unique': true}]) }}

with

invoices as (
    select * from {{ ref('int_billing__invoices') }}
    where status in ('open', 'paid', 'uncollectible', 'void')
),

lines as (
    select * from {{ ref('int_billing__invoice_lines') }}
),

line_sums as (
    select
        billing_system,
        invoice_id,
        cast(sum(net_minor) as bigint) as net_minor,
        cast(sum(tax_minor) as bigint) as tax_minor
    from lines
    group by billing_system, invoice_id
),

-- What an invoice takes of the customer's credit; one below zero gives credit, which is its total already.
final as (
    select
        invoices.billing_system || '|' || invoices.invoice_id as ledger_invoice_id,
        invoices.billing_system,
        invoices.invoice_id,
        invoices.account_id,
        invoices.customer_id,
        invoices.status,
        invoices.invoice_on as billed_on,
        invoices.currency,
        coalesce(line_sums.net_minor, 0) as net_minor,
        coalesce(line_sums.tax_minor, 0) as tax_minor,
        invoices.total_minor,
        case
            when coalesce(line_sums.net_minor + line_sums.tax_minor, 0) < 0 then 0
            else invoices.balance_applied_minor
        end as balance_applied_minor
    from invoices
    left join line_sums
        on invoices.billing_system = line_sums.billing_system and invoices.invoice_id = line_sums.invoice_id
)

select * from final
