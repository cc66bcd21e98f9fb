{{ config(materialized='view') }}

with

payments as (
    select * from {{ ref('int_cash__payments') }}
),

loads as (
    select * from {{ ref('stg_ops__loads') }}
),

records as (
    select
        invoice_payment_id as payment_id,
        load_id,
        line_no
    from {{ ref('stg_stripe__invoice_payments') }}
    union all
    select
        refund_id as payment_id,
        load_id,
        line_no
    from {{ ref('stg_stripe__refunds') }}
    union all
    select
        balance_transaction_id as payment_id,
        load_id,
        line_no
    from {{ ref('stg_stripe__balance_transactions') }}
    union all
    select
        transaction_id || '|' || transaction_line_id as payment_id,
        load_id,
        line_no
    from {{ ref('stg_erp__transaction_lines') }}
),

final as (
    select
        payments.payment_id,
        {{ file_line('loads', 'records.line_no') }} as file_line,
        records.load_id,
        records.line_no
    from payments
    inner join records on payments.payment_id = records.payment_id
    inner join loads on records.load_id = loads.load_id
)

select * from final
