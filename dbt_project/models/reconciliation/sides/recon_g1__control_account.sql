{{ config(materialized='view') }}

with

gl_lines as (
    select * from {{ ref('int_ledger__erp_gl_lines') }}
    where gl_account_type = 'AcctRec' and amount_minor <> 0
),

-- A revaluation moves the functional amount alone; the journal of the warehouse's own books is what gate 12 reads.
final as (
    select
        transaction_id as tracking_key,
        transaction_id || '|' || transaction_line_id || '|' || account_id as row_id,
        cast(null as text) as account_id,
        currency,
        amount_minor,
        cast(null as numeric) as quantity,
        transaction_on as business_on,
        transaction_on as due_on,
        'posting to ' || gl_account || ' (' || coalesce(file_line, '') || ')' as evidence,
        transaction_type,
        0 as unposted_count,
        0 as backdated_count
    from gl_lines
    where transaction_type <> 'FxReval' and coalesce(substr(external_id, 1, 7), '') <> 'tieout-'
)

select * from final
