{{ config(materialized='view') }}

with

refunds as (
    select * from {{ ref('int_cash__refunds') }}
    where status = 'succeeded' and invoice_id is not null
),

records as (
    select * from {{ ref('int_cash__payment_records') }}
),

final as (
    select
        refunds.payment_id as tracking_key,
        refunds.payment_id as row_id,
        refunds.account_id,
        refunds.currency,
        -refunds.amount_minor as amount_minor,
        cast(null as numeric) as quantity,
        {{ utc_date('refunds.paid_at') }} as business_on,
        {{ utc_date('refunds.paid_at') }} as due_on,
        'refund ' || refunds.payment_id || coalesce(' (' || records.file_line || ')', '') as evidence,
        refunds.invoice_id,
        0 as note_count
    from refunds
    left join records on refunds.payment_id = records.payment_id
)

select * from final
