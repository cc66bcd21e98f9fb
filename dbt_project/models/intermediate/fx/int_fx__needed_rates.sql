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

erp_transactions as (
    select * from {{ ref('stg_erp__transactions') }}
    where not is_deleted
),

ledger_lines as (
    select * from {{ ref('int_ledger__lines') }}
),

ledger_events as (
    select * from {{ ref('int_ledger__events') }}
),

clock as (
    select * from {{ ref('int_clock__as_of') }}
),

policies as (
    select * from {{ ref('int_catalog__policies') }}
    where policy = 'reporting_currency'
),

invoiced_currencies as (
    select
        currency,
        min(billed_on) as billed_from
    from ledger_lines
    where billed_on is not null
    group by currency
),

-- What is open at the end of a month is remeasured.
month_ends as (
    select
        {{ add_days(add_months_to_date('months.month_on', 1), -1) }} as rate_on,
        invoiced_currencies.currency
    from invoiced_currencies
    cross join clock
    cross join {{ month_series('invoiced_currencies.billed_from', month_start('clock.as_of_on'), 'months') }}
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
    union
    select
        transaction_on as rate_on,
        currency
    from erp_transactions
    union
    select
        coalesce(billed_on, dated_on) as rate_on,
        currency
    from ledger_lines
    union
    select
        event_on as rate_on,
        currency
    from ledger_events
    union
    select
        rate_on,
        currency
    from month_ends
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
