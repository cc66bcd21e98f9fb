{{ config(materialized='view') }}

with

credit_notes as (
    select * from {{ ref('stg_stripe__credit_notes') }}
    where not is_deleted and status <> 'void'
),

credit_note_lines as (
    select * from {{ ref('stg_stripe__credit_note_lines') }}
    where not is_deleted and invoice_line_id is not null
),

invoice_lines as (
    select * from {{ ref('int_billing__invoice_lines') }}
    where billing_system = 'stripe'
),

loads as (
    select * from {{ ref('stg_ops__loads') }}
),

-- Notes whose every line names a line of the invoice: of others nobody knows what was taxed.
named_lines as (
    select
        credit_note_lines.credit_note_id,
        min(invoice_lines.account_id) as account_id,
        sum(credit_note_lines.amount_minor - coalesce(credit_note_lines.discount_minor, 0)) as net_minor,
        sum(invoice_lines.net_minor) as invoice_net_minor,
        sum(invoice_lines.tax_minor) as invoice_tax_minor
    from credit_note_lines
    inner join invoice_lines on credit_note_lines.invoice_line_id = invoice_lines.invoice_line_id
    group by credit_note_lines.credit_note_id
),

final as (
    select
        credit_notes.credit_note_id as note_id,
        named_lines.account_id,
        credit_notes.currency,
        cast(named_lines.net_minor as bigint) as net_minor,
        cast(named_lines.invoice_net_minor as bigint) as invoice_net_minor,
        cast(named_lines.invoice_tax_minor as bigint) as invoice_tax_minor,
        cast(credit_notes.total_minor - named_lines.net_minor as bigint) as tax_minor,
        coalesce(
            {{ utc_date('credit_notes.effective_at') }},
            {{ utc_date('credit_notes.created_at') }},
            credit_notes.delivered_on
        ) as issued_on,
        {{ file_line('loads', 'credit_notes.line_no') }} as file_line
    from credit_notes
    inner join named_lines on credit_notes.credit_note_id = named_lines.credit_note_id
    left join loads on credit_notes.load_id = loads.load_id
    where named_lines.net_minor = credit_notes.subtotal_minor - coalesce(credit_notes.discount_minor, 0)
)

select * from final
