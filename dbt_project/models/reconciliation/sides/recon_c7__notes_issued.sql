{{ config(materialized='view') }}

with

memos as (
    select * from {{ ref('stg_erp__transactions') }}
    where transaction_type = 'CustCred' and not is_deleted and status is distinct from 'V'
),

loads as (
    select * from {{ ref('stg_ops__loads') }}
),

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
        'credit memo ' || memos.transaction_id
        || coalesce(' (' || {{ file_line('loads', 'memos.line_no') }} || ')', '') as evidence,
        {{ month_text('memos.transaction_on') }} as month
    from memos
    left join loads on memos.load_id = loads.load_id
    where memos.accounting_period_id is not null
)

select * from final
