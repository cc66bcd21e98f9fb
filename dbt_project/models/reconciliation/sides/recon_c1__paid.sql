{{ config(materialized='view') }}

with

payments as (
    select * from {{ ref('int_cash__payments') }}
    where kind = 'payment' and status = 'succeeded' and invoice_id is not null
),

invoices as (
    select * from {{ ref('int_billing__invoices') }}
),

families as (
    select * from {{ ref('int_customers__families') }}
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

-- Paid by another customer than the invoice's: a mistake, unless both are of one family.
foreign_payments as (
    select payments.payment_id
    from payments
    inner join invoices
        on payments.billing_system = invoices.billing_system and payments.invoice_id = invoices.invoice_id
    left join families as payers
        on
            payments.customer_id
            = case payments.billing_system when 'stripe' then payers.stripe_customer_id else payers.erp_customer_id end
    left join families as owners on invoices.account_id = owners.account_id
    where
        payments.customer_id <> invoices.customer_id
        and (payers.family_id is null or owners.family_id is null or payers.family_id <> owners.family_id)
    group by payments.payment_id
),

final as (
    select
        billing_system || '|' || invoice_id as tracking_key,
        followed.payment_id as row_id,
        account_id,
        currency,
        amount_minor,
        cast(null as numeric) as quantity,
        {{ utc_date('paid_at') }} as business_on,
        {{ utc_date('paid_at') }} as due_on,
        'payment ' || followed.payment_id as evidence,
        cast(null as text) as invoice_status,
        0 as closed_count,
        0 as open_count,
        case
            when {{ days_between(utc_date('previous_at'), utc_date('paid_at')) }} <= 7 then 1
            else 0
        end as repeat_count,
        case when foreign_payments.payment_id is not null then 1 else 0 end as misapplied_count
    from followed
    left join foreign_payments on followed.payment_id = foreign_payments.payment_id
)

select * from final
