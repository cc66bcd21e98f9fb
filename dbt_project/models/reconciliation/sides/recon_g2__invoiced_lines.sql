{{ config(materialized='view') }}

with

lines as (
    select * from {{ ref('int_billing__invoice_lines') }}
    where is_billed and net_minor <> 0
),

loads as (
    select * from {{ ref('stg_ops__loads') }}
),

final as (
    select
        lines.invoice_line_id as tracking_key,
        lines.invoice_line_id as row_id,
        lines.account_id,
        lines.currency,
        lines.net_minor as amount_minor,
        cast(null as numeric) as quantity,
        coalesce(lines.invoice_on, loads.delivered_on) as business_on,
        cast('1900-01-01' as date) as due_on,
        'line ' || lines.invoice_line_id || ' of ' || lines.invoice_id
        || coalesce(' (' || {{ file_line('loads', 'lines.line_no') }} || ')', '') as evidence
    from lines
    left join loads on lines.load_id = loads.load_id
)

select * from final
