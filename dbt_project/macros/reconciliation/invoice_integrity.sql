{#-
    A side of B3 that asks an issued Stripe invoice about itself, one row an invoice: `amount` is an expression over `documents`
    (the invoice as Stripe prints it). Invoices that do not print what they are due are left out.
-#}
{% macro invoice_statement_side(amount) -%}
with

documents as (
    select * from {{ ref('stg_stripe__invoices') }}
    where not is_deleted and amount_due_minor is not null
),

invoices as (
    select * from {{ ref('int_billing__stripe_invoices') }}
    where is_billed
),

loads as (
    select * from {{ ref('stg_ops__loads') }}
),

final as (
    select
        'stripe|' || documents.invoice_id as tracking_key,
        'stripe|' || documents.invoice_id as row_id,
        invoices.account_id,
        documents.currency,
        cast({{ amount }} as bigint) as amount_minor,
        cast(null as numeric) as quantity,
        coalesce(invoices.invoice_on, loads.delivered_on) as business_on,
        coalesce(invoices.invoice_on, loads.delivered_on) as due_on,
        'invoice ' || documents.invoice_id
        || coalesce(' (' || {{ file_line('loads', 'documents.line_no') }} || ')', '') as evidence,
        documents.status as invoice_status
    from documents
    inner join invoices on documents.invoice_id = invoices.invoice_id
    left join loads on documents.load_id = loads.load_id
)

select * from final
{%- endmacro %}


{#- A side of B3 over the numbers of a series, one row an invoice: the number that it has, or the one that it should have. -#}
{% macro numbers_side(number) -%}
with

invoice_numbers as (
    select * from {{ ref('recon_b3__invoice_numbers') }}
),

final as (
    select
        tracking_key,
        row_id,
        account_id,
        cast(null as text) as currency,
        cast(null as bigint) as amount_minor,
        {{ number }} as quantity,
        business_on,
        business_on as due_on,
        evidence
    from invoice_numbers
)

select * from final
{%- endmacro %}
