{{ config(materialized='view') }}

with

invoice_lines as (
    select * from {{ ref('int_billing__invoice_lines') }}
    where is_billed
),

loads as (
    select * from {{ ref('stg_ops__loads') }}
),

final as (
    select
        invoice_lines.billing_system || '|' || invoice_lines.invoice_id as tracking_key,
        invoice_lines.billing_system || '|' || invoice_lines.invoice_line_id as row_id,
        invoice_lines.account_id,
        invoice_lines.currency,
        invoice_lines.net_minor + invoice_lines.tax_minor as amount_minor,
        cast(null as numeric) as quantity,
        coalesce(invoice_lines.invoice_on, loads.delivered_on) as business_on,
        coalesce(invoice_lines.invoice_on, loads.delivered_on) as due_on,
        'line ' || invoice_lines.invoice_line_id
        || coalesce(' (' || {{ file_line('loads', 'invoice_lines.line_no') }} || ')', '') as evidence,
        invoice_lines.discount_minor,
        invoice_lines.tax_minor,
        -- A credit that no change of what was sold stands behind.
        case when invoice_lines.net_minor < 0 and invoice_lines.line_kind <> 'proration_credit' then 1 else 0 end
            as negative_count
    from invoice_lines
    left join loads on invoice_lines.load_id = loads.load_id
)

select * from final
