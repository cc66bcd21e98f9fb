{{ config(materialized='view') }}

with

payments as (
    select * from {{ ref('int_cash__recorded_receipts') }}
    where amount_minor <> 0
),

-- What was paid is applied to invoices within a week.
final as (
    select
        'payment|' || transaction_id as tracking_key,
        transaction_id as row_id,
        account_id,
        currency,
        amount_minor,
        cast(null as numeric) as quantity,
        transaction_on as business_on,
        {{ add_days('transaction_on', 7) }} as due_on,
        'payment ' || transaction_id || coalesce(' (' || file_line || ')', '') as evidence
    from payments
)

select * from final
