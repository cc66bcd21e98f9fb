{{ config(materialized='view') }}

with

invoices as (
    select * from {{ ref('int_billing__stripe_invoices') }}
    where is_billed or status = 'void'
),

loads as (
    select * from {{ ref('stg_ops__loads') }}
),

-- Where nothing was ever carried over from Stripe, nothing is awaited.
final as (
    select
        invoices.invoice_id as tracking_key,
        invoices.invoice_id as row_id,
        invoices.account_id,
        invoices.currency,
        case when invoices.status = 'void' then 0 else invoices.total_minor end as amount_minor,
        cast(null as numeric) as quantity,
        coalesce(invoices.invoice_on, loads.delivered_on) as business_on,
        coalesce(invoices.invoice_on, loads.delivered_on) as due_on,
        'invoice ' || invoices.invoice_id
        || coalesce(' (' || {{ file_line('loads', 'invoices.line_no') }} || ')', '') as evidence,
        invoices.status as document_status,
        case when invoices.status = 'void' then 0 else invoices.tax_minor end as tax_minor,
        case when invoices.status = 'void' then 1 else 0 end as void_count,
        0 as edited_count
    from invoices
    left join loads on invoices.load_id = loads.load_id
    where exists (select 1 from {{ ref('recon_b4__erp_invoices') }})
)

select * from final
