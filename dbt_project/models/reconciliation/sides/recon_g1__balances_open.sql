{{ config(materialized='view') }}

with

gl_lines as (
    select * from {{ ref('int_ledger__erp_gl_lines') }}
    where gl_account_type = 'AcctRec' and currency <> functional_currency
),

closed as (
    select distinct {{ month_start('start_on') }} as period_month
    from {{ ref('stg_erp__accounting_periods') }}
    where is_closed and not is_deleted and start_on is not null
),

-- Where nothing was ever revalued, no revaluation is awaited.
begun as (
    select min(posted_month) as period_month
    from gl_lines
    where transaction_type = 'FxReval'
),

balances as (
    select
        closed.period_month,
        gl_lines.gl_account,
        gl_lines.currency,
        gl_lines.functional_currency,
        sum(gl_lines.amount_minor) as open_minor
    from closed
    inner join begun on closed.period_month >= begun.period_month
    inner join gl_lines on closed.period_month >= gl_lines.posted_month
    where gl_lines.transaction_type <> 'FxReval'
    group by closed.period_month, gl_lines.gl_account, gl_lines.currency, gl_lines.functional_currency
),

final as (
    select
        'revaluation|' || gl_account || '|' || currency || '|' || {{ month_text('period_month') }} as tracking_key,
        gl_account || '|' || currency || '|' || functional_currency || '|' || {{ month_text('period_month') }}
            as row_id,
        cast(null as text) as account_id,
        cast(null as text) as currency,
        cast(null as bigint) as amount_minor,
        cast(1 as numeric) as quantity,
        period_month as business_on,
        cast('1900-01-01' as date) as due_on,
        'receivables of ' || cast(open_minor as text) || ' ' || currency || ' minor units open on ' || gl_account
        || ' at the end of ' || {{ month_text('period_month') }} as evidence
    from balances
    where open_minor <> 0
)

select * from final
