{{ config(materialized='view') }}

with

payments as (
    select * from {{ ref('int_cash__recorded_receipts') }}
),

applied_lines as (
    select * from {{ ref('stg_erp__transaction_lines') }}
    where applied_to_transaction_id is not null and not is_deleted
),

final as (
    select
        'payment|' || payments.transaction_id as tracking_key,
        applied_lines.transaction_line_key as row_id,
        payments.account_id,
        applied_lines.currency,
        applied_lines.applied_minor as amount_minor,
        cast(null as numeric) as quantity,
        payments.transaction_on as business_on,
        payments.transaction_on as due_on,
        'applied to ' || applied_lines.applied_to_transaction_id as evidence
    from payments
    inner join applied_lines on payments.transaction_id = applied_lines.transaction_id
)

select * from final
