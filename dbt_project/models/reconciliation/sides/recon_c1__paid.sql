{{ config(materialized='view') }}

with

payments as (
    select * from {{ ref('int_cash__payments') }}
    where kind = 'payment' and status = 'succeeded' and invoice_id is not null
),

-- A payment repeats another one of the same invoice when the amount is the same and at most a week lies between them.
followed as (
    select
        payments.*,
        lag(paid_at) over (
            partition by billing_system, invoice_id, currency, amount_minor order by paid_at, payment_id
        ) as previous_at
    from payments
),

final as (
    select
        billing_system || '|' || invoice_id as tracking_key,
        payment_id as row_id,
        account_id,
        currency,
        amount_minor,
        cast(null as numeric) as quantity,
        {{ utc_date('paid_at') }} as business_on,
        {{ utc_date('paid_at') }} as due_on,
        'payment ' || payment_id as evidence,
        cast(null as text) as invoice_status,
        0 as closed_count,
        case
            when {{ days_between(utc_date('previous_at'), utc_date('paid_at')) }} <= 7 then 1
            else 0
        end as repeat_count
    from followed
)

select * from final
