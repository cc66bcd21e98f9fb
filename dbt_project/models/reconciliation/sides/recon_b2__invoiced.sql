{{ config(materialized='view') }}

with

invoice_lines as (
    select * from {{ ref('int_billing__invoice_lines') }}
    where billing_system = 'erp' and is_billed
),

loads as (
    select * from {{ ref('stg_ops__loads') }}
),

-- A line that no subscription item or order stands behind has no key of a charge; it is its own.
final as (
    select
        coalesce(invoice_lines.charge_key, invoice_lines.invoice_line_id) as tracking_key,
        invoice_lines.invoice_line_id as row_id,
        invoice_lines.account_id,
        invoice_lines.currency,
        invoice_lines.net_minor as amount_minor,
        invoice_lines.quantity,
        coalesce(invoice_lines.invoice_on, loads.delivered_on) as business_on,
        coalesce(invoice_lines.invoice_on, loads.delivered_on) as due_on,
        'line ' || invoice_lines.invoice_line_id || ' of ' || invoice_lines.invoice_id
        || coalesce(' (' || {{ file_line('loads', 'invoice_lines.line_no') }} || ')', '') as evidence,
        invoice_lines.price_code,
        invoice_lines.line_kind,
        invoice_lines.unit_amount_minor,
        invoice_lines.gross_minor,
        invoice_lines.discount_minor
    from invoice_lines
    left join loads on invoice_lines.load_id = loads.load_id
)

select * from final
