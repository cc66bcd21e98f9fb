{{ config(materialized='view') }}

with

gl_lines as (
    select * from {{ ref('int_ledger__erp_gl_lines') }}
),

tax_lines as (
    select * from {{ ref('stg_erp__transaction_lines') }}
    where is_tax_line and not is_deleted
),

-- The accounts of tax are those that tax lines are posted to.
tax_accounts as (
    select gl_lines.gl_account
    from gl_lines
    inner join tax_lines
        on
            gl_lines.transaction_id = tax_lines.transaction_id
            and gl_lines.transaction_line_id = tax_lines.transaction_line_id
    where gl_lines.gl_account_type in ('OthCurrLiab', 'LongTermLiab')
    group by gl_lines.gl_account
),

-- What is paid to the authorities goes by the returns, which are not delivered.
final as (
    select
        gl_lines.transaction_id as tracking_key,
        gl_lines.transaction_id || '|' || gl_lines.transaction_line_id || '|' || gl_lines.account_id as row_id,
        cast(null as text) as account_id,
        gl_lines.currency,
        -gl_lines.amount_minor as amount_minor,
        cast(null as numeric) as quantity,
        gl_lines.transaction_on as business_on,
        gl_lines.transaction_on as due_on,
        'posting to ' || gl_lines.gl_account || ' (' || coalesce(gl_lines.file_line, '') || ')' as evidence,
        gl_lines.transaction_type
    from gl_lines
    inner join tax_accounts on gl_lines.gl_account = tax_accounts.gl_account
    where gl_lines.transaction_type <> 'TaxPymt' and gl_lines.amount_minor <> 0
)

select * from final
