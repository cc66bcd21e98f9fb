{{ config(materialized='view') }}

with

transactions as (
    select * from {{ ref('stg_erp__transactions') }}
    where po_number is not null
),

-- An invoice of several orders prints their numbers in one field: each that is found in it is printed.
required as (
    select distinct
        tracking_key,
        account_id,
        po_number,
        business_on
    from {{ ref('recon_b2__purchase_orders') }}
),

loads as (
    select * from {{ ref('stg_ops__loads') }}
),

final as (
    select
        required.tracking_key,
        required.tracking_key as row_id,
        required.account_id,
        cast(null as text) as currency,
        cast(null as bigint) as amount_minor,
        cast(null as numeric) as quantity,
        required.business_on,
        required.business_on as due_on,
        'ERP transaction ' || transactions.transaction_id
        || coalesce(' (' || {{ file_line('loads', 'transactions.line_no') }} || ')', '') as evidence,
        transactions.po_number
    from required
    inner join transactions
        on
            required.tracking_key = 'erp|' || transactions.transaction_id || '|' || required.po_number
            and strpos(transactions.po_number, required.po_number) > 0
    left join loads on transactions.load_id = loads.load_id
)

select * from final
