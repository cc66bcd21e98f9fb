{{ config(indexes=[{'columns': ['billing_system', 'invoice_line_id'], 'unique': true}]) }}

with

lines as (
    select * from {{ ref('int_billing__invoice_lines') }}
),

loads as (
    select * from {{ ref('stg_ops__loads') }}
),

final as (
    select
        lines.billing_system,
        lines.invoice_line_id,
        lines.invoice_id,
        lines.charge_key,
        lines.account_id,
        lines.subscription_id,
        lines.subscription_item_id,
        lines.price_code,
        lines.line_kind,
        lines.period_start,
        lines.period_end,
        lines.currency,
        lines.quantity,
        lines.unit_amount_minor,
        lines.gross_minor,
        lines.discount_minor,
        lines.net_minor,
        lines.tax_minor,
        lines.net_minor + lines.tax_minor as total_minor,
        lines.invoice_status,
        lines.is_billed,
        lines.invoice_on,
        lines.load_id,
        lines.line_no,
        {{ file_line('loads', 'lines.line_no') }} as file_line
    from lines
    left join loads on lines.load_id = loads.load_id
)

select * from final
