with

invoices as (
    select * from {{ ref('int_billing__invoices') }}
),

payments as (
    select * from {{ ref('int_cash__payments') }}
),

transactions as (
    select * from {{ ref('int_cash__balance_transactions') }}
),

bank_lines as (
    select * from {{ ref('int_cash__bank_lines') }}
),

policies as (
    select * from {{ ref('int_catalog__policies') }}
    where policy = 'reporting_currency'
),

money as (
    select
        invoice_on as rate_on,
        currency
    from invoices
    union
    select
        {{ utc_date('paid_at') }} as rate_on,
        currency
    from payments
    union
    select
        {{ utc_date('created_at') }} as rate_on,
        currency
    from transactions
    union
    select
        booking_on as rate_on,
        currency
    from bank_lines
),

final as (
    select distinct
        money.rate_on,
        money.currency as from_currency,
        lower(policies.value) as to_currency
    from money
    inner join policies
        on
            money.rate_on >= policies.valid_from
            and (policies.valid_to is null or money.rate_on < policies.valid_to)
    where money.currency <> lower(policies.value)
)

select * from final
