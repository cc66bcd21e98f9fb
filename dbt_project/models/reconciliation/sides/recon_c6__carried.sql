{{ config(materialized='view') }}

with

statements as (
    select * from {{ ref('int_cash__bank_statements') }}
),

refused as (
    select * from {{ ref('int_quarantine__open_records') }}
    where system = 'bank' and reason in ('statement_sum', 'intraday')
),

loads as (
    select * from {{ ref('stg_ops__loads') }}
),

-- Where a statement ought to end: where the one before it did, and what was booked since. What the door set aside
-- because it does not add up, or is no final statement, proves nothing: it stands alone and is due at once.
final as (
    select
        statement_key as tracking_key,
        statement_key as row_id,
        bank_account_id as account_id,
        currency,
        coalesce(previous_closing_minor, opening_balance_minor) + entries_minor as amount_minor,
        cast(null as numeric) as quantity,
        {{ add_days('end_on', -1) }} as business_on,
        {{ add_days('end_on', -1) }} as due_on,
        coalesce('after ' || previous_file_line, 'first statement') as evidence,
        verdict,
        opening_balance_minor + entries_minor - closing_balance_minor as own_difference_minor
    from statements
    union all
    select
        'set aside|' || {{ load_key('loads') }} || ':' || cast(refused.line_no as text) as tracking_key,
        'set aside|' || {{ load_key('loads') }} || ':' || cast(refused.line_no as text) as row_id,
        cast(null as text) as account_id,
        cast(null as text) as currency,
        cast(null as bigint) as amount_minor,
        cast(1 as numeric) as quantity,
        refused.delivered_on as business_on,
        cast('1900-01-01' as date) as due_on,
        {{ file_line('loads', 'refused.line_no') }} as evidence,
        refused.reason as verdict,
        cast(0 as bigint) as own_difference_minor
    from refused
    inner join loads on refused.load_id = loads.load_id
)

select * from final
