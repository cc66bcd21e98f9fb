{{ config(materialized='view') }}

with

memos as (
    select * from {{ ref('stg_erp__transactions') }}
    where transaction_type = 'CustCred' and not is_deleted and status is distinct from 'V'
),

accounting_periods as (
    select * from {{ ref('stg_erp__accounting_periods') }}
),

-- The day of the document, unless the ERP posted it to a period that does not hold that day.
final as (
    select
        'memo|' || memos.transaction_id as tracking_key,
        memos.transaction_id as row_id,
        cast(null as text) as account_id,
        memos.currency,
        abs(memos.total_minor) as amount_minor,
        cast(null as numeric) as quantity,
        memos.transaction_on as business_on,
        memos.transaction_on as due_on,
        'period ' || coalesce(accounting_periods.period_name, memos.accounting_period_id) as evidence,
        {{ month_text('coalesce(accounting_periods.start_on, memos.transaction_on)') }} as month
    from memos
    left join accounting_periods on memos.accounting_period_id = accounting_periods.accounting_period_id
    where memos.accounting_period_id is not null
)

select * from final
