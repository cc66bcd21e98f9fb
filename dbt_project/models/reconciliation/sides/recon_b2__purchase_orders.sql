{{ config(materialized='view') }}

with

invoice_lines as (
    select * from {{ ref('int_billing__invoice_lines') }}
    where billing_system = 'erp' and is_billed and subscription_item_id is not null
),

order_items as (
    select * from {{ ref('stg_crm__order_items') }}
    where not is_deleted
),

orders as (
    select * from {{ ref('stg_crm__orders') }}
    where not is_deleted and po_number is not null
),

required as (
    select distinct
        invoice_lines.invoice_id,
        invoice_lines.account_id,
        invoice_lines.invoice_on,
        orders.order_number,
        orders.po_number,
        orders.load_id,
        orders.line_no
    from invoice_lines
    inner join order_items on invoice_lines.subscription_item_id = order_items.order_item_id
    inner join orders on order_items.order_id = orders.order_id
),

loads as (
    select * from {{ ref('stg_ops__loads') }}
),

final as (
    select
        'erp|' || required.invoice_id || '|' || required.po_number as tracking_key,
        required.invoice_id || '|' || required.order_number as row_id,
        required.account_id,
        cast(null as text) as currency,
        cast(null as bigint) as amount_minor,
        cast(null as numeric) as quantity,
        coalesce(required.invoice_on, loads.delivered_on) as business_on,
        coalesce(required.invoice_on, loads.delivered_on) as due_on,
        'order ' || required.order_number || coalesce(' (' || {{ file_line('loads', 'required.line_no') }} || ')', '')
            as evidence,
        required.po_number
    from required
    left join loads on required.load_id = loads.load_id
)

select * from final
