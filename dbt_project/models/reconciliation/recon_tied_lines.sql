{{ config(indexes=[{'columns': ['invoice_line_id'], 'unique': true}]) }}

with

invoice_lines as (
    select * from {{ ref('int_billing__invoice_lines') }}
    where is_billed
),

keyed as (
    select
        row_id,
        tracking_key,
        'B1' as control_id
    from {{ ref('recon_b1__invoiced') }}
    union all
    select
        row_id,
        tracking_key,
        'B2' as control_id
    from {{ ref('recon_b2__invoiced') }}
),

results as (
    select * from {{ ref('recon_results') }}
    where control_id in ('B1', 'B2') and status in ('matched', 'rounding')
),

untied as (
    select distinct invoice_key from {{ ref('recon_untied_invoices') }}
),

final as (
    select
        invoice_lines.invoice_line_id,
        {{ month_start('invoice_lines.invoice_on') }} as period_month,
        invoice_lines.currency,
        invoice_lines.net_minor + invoice_lines.tax_minor as billed_minor,
        results.tracking_key is not null as is_line_tied,
        untied.invoice_key is null as is_cash_tied,
        results.tracking_key is not null and untied.invoice_key is null as is_tied
    from invoice_lines
    left join keyed on invoice_lines.invoice_line_id = keyed.row_id
    left join results on keyed.control_id = results.control_id and keyed.tracking_key = results.tracking_key
    left join untied on invoice_lines.billing_system || '|' || invoice_lines.invoice_id = untied.invoice_key
)

select * from final
