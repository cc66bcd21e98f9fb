{{ config(materialized='view') }}

with

lines as (
    select * from {{ ref('stg_erp__transaction_lines') }}
    where is_tax_line and not is_deleted
),

transactions as (
    select * from {{ ref('stg_erp__transactions') }}
    where
        not is_deleted
        and coalesce(is_posting, true)
        and transaction_type in ('CustInvc', 'CustCred', 'CashSale', 'CustRfnd')
),

loads as (
    select * from {{ ref('stg_ops__loads') }}
),

-- Tax of an invoice is owed, tax of a credit memo no longer: amounts of lines are positive where the ERP credits.
final as (
    select
        transactions.transaction_id as tracking_key,
        lines.transaction_line_key as row_id,
        cast(null as text) as account_id,
        lines.currency,
        lines.amount_minor,
        cast(null as numeric) as quantity,
        transactions.transaction_on as business_on,
        transactions.transaction_on as due_on,
        'tax line ' || lines.transaction_line_key
        || coalesce(' (' || {{ file_line('loads', 'lines.line_no') }} || ')', '') as evidence,
        transactions.transaction_type
    from lines
    inner join transactions on lines.transaction_id = transactions.transaction_id
    left join loads on lines.load_id = loads.load_id
    where lines.amount_minor <> 0
)

select * from final
