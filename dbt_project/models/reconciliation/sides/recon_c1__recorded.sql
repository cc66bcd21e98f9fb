{{ config(materialized='view') }}

with

payments as (
    select * from {{ ref('int_cash__recorded_receipts') }}
    where amount_minor <> 0
),

final as (
    select
        'payment|' || transaction_id as tracking_key,
        transaction_id as row_id,
        account_id,
        currency,
        amount_minor,
        cast(null as numeric) as quantity,
        transaction_on as business_on,
        {{ add_days('transaction_on', 5) }} as due_on,
        'payment ' || transaction_id || coalesce(' (' || file_line || ')', '') as evidence,
        cast(null as text) as bank_words,
        0 as known_count,
        0 as misnamed_count
    from payments
)

select * from final
