{{ config(materialized='view') }}

with

invoice_lines as (
    select * from {{ ref('recon_t1__taxable_lines') }}
),

line_taxes as (
    select * from {{ ref('stg_stripe__invoice_line_taxes') }}
    where not is_deleted
),

tax_rates as (
    select * from {{ ref('stg_stripe__tax_rates') }}
    where not is_deleted
),

loads as (
    select * from {{ ref('stg_ops__loads') }}
),

places as (
    select
        line_taxes.invoice_line_id,
        min(tax_rates.country) as country
    from line_taxes
    inner join tax_rates on line_taxes.tax_rate_id = tax_rates.tax_rate_id
    group by line_taxes.invoice_line_id
),

final as (
    select
        invoice_lines.invoice_line_id as tracking_key,
        invoice_lines.invoice_line_id as row_id,
        invoice_lines.account_id,
        invoice_lines.currency,
        invoice_lines.tax_minor as amount_minor,
        cast(null as numeric) as quantity,
        invoice_lines.invoice_on as business_on,
        invoice_lines.invoice_on as due_on,
        'line ' || invoice_lines.invoice_line_id || ' of ' || invoice_lines.invoice_id
        || coalesce(' (' || {{ file_line('loads', 'invoice_lines.line_no') }} || ')', '') as evidence,
        places.country as jurisdiction,
        0 as exempt_count
    from invoice_lines
    left join places on invoice_lines.invoice_line_id = places.invoice_line_id
    left join loads on invoice_lines.load_id = loads.load_id
)

select * from final
