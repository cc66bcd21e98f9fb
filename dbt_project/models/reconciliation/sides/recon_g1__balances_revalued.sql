{{ config(materialized='view') }}

with

gl_lines as (
    select * from {{ ref('int_ledger__erp_gl_lines') }}
    where gl_account_type = 'AcctRec' and transaction_type = 'FxReval'
),

final as (
    select
        'revaluation|' || gl_account || '|' || currency || '|' || {{ month_text('posted_month') }} as tracking_key,
        gl_account || '|' || currency || '|' || {{ month_text('posted_month') }} as row_id,
        cast(null as text) as account_id,
        cast(null as text) as currency,
        cast(null as bigint) as amount_minor,
        cast(1 as numeric) as quantity,
        posted_month as business_on,
        cast('1900-01-01' as date) as due_on,
        'revaluation ' || min(transaction_id) || coalesce(' (' || min(file_line) || ')', '') as evidence
    from gl_lines
    group by gl_account, currency, posted_month
)

select * from final
