{{ config(indexes=[
    {'columns': ['transaction_id', 'transaction_line_id', 'account_id'], 'unique': true},
]) }}

with

-- Each once: the server cannot guess how many rows a view of documents has, and would read it again for every row.
accounting_lines as {{ once() }} (
    select * from {{ ref('stg_erp__transaction_accounting_lines') }}
    -- The ERP's books are its primary ones, number 1; others tell the same transactions by other rules.
    where not is_deleted and account_id is not null and coalesce(accounting_book_id, '1') = '1'
),

transaction_lines as {{ once() }} (
    select * from {{ ref('stg_erp__transaction_lines') }}
),

transactions as {{ once() }} (
    select * from {{ ref('stg_erp__transactions') }}
    where not is_deleted
),

accounts as (
    select * from {{ ref('stg_erp__accounts') }}
),

accounting_periods as (
    select * from {{ ref('stg_erp__accounting_periods') }}
),

subsidiaries as (
    select * from {{ ref('stg_erp__subsidiaries') }}
),

erp_currencies as (
    select * from {{ ref('stg_erp__currencies') }}
),

base_currencies as (
    select min(currency) as currency
    from erp_currencies
    where is_base_currency and not is_deleted
),

currencies as (
    select * from {{ ref('currencies') }}
),

loads as (
    select * from {{ ref('stg_ops__loads') }}
),

posted as (
    select
        accounting_lines.transaction_id,
        accounting_lines.transaction_line_id,
        accounting_lines.account_id,
        transactions.transaction_type,
        transactions.external_id,
        transactions.transaction_number,
        transactions.customer_id,
        accounts.account_number as gl_account,
        accounts.full_name as gl_name,
        accounts.account_type as gl_account_type,
        {{ month_start('coalesce(accounting_periods.start_on, transactions.transaction_on)') }} as posted_month,
        transactions.transaction_on,
        transactions.created_at,
        transactions.currency,
        transaction_lines.amount_minor as line_minor,
        coalesce(subsidiary_currencies.currency, base_currencies.currency) as functional_currency,
        coalesce(accounting_lines.debit, 0) - coalesce(accounting_lines.credit, 0) as functional_amount,
        accounting_lines.load_id,
        loads.file_name || ':' || cast(accounting_lines.line_no as text) as file_line
    from accounting_lines
    inner join transactions on accounting_lines.transaction_id = transactions.transaction_id
    left join transaction_lines
        on
            accounting_lines.transaction_id = transaction_lines.transaction_id
            and accounting_lines.transaction_line_id = transaction_lines.transaction_line_id
    left join accounts on accounting_lines.account_id = accounts.account_id
    left join accounting_periods on transactions.accounting_period_id = accounting_periods.accounting_period_id
    left join subsidiaries on transactions.subsidiary_id = subsidiaries.subsidiary_id
    left join erp_currencies as subsidiary_currencies on subsidiaries.currency_id = subsidiary_currencies.currency_id
    left join loads on accounting_lines.load_id = loads.load_id
    cross join base_currencies
    where coalesce(accounting_lines.is_posting, true) and coalesce(transactions.is_posting, true)
),

final as (
    select
        posted.transaction_id,
        posted.transaction_line_id,
        posted.account_id,
        posted.transaction_type,
        posted.external_id,
        posted.transaction_number,
        posted.customer_id,
        posted.gl_account,
        posted.gl_name,
        posted.gl_account_type,
        posted.posted_month,
        posted.transaction_on,
        posted.created_at,
        posted.currency,
        -- The document's amount has the sign of its line; debit and credit say which side of the account it is.
        case
            when posted.functional_amount > 0 then abs(posted.line_minor)
            when posted.functional_amount < 0 then -abs(posted.line_minor)
            else -posted.line_minor
        end as amount_minor,
        posted.functional_currency,
        {{ minor_units('posted.functional_amount', 'currencies.exponent') }} as functional_minor,
        posted.load_id,
        posted.file_line
    from posted
    left join currencies on posted.functional_currency = currencies.currency
)

select * from final
