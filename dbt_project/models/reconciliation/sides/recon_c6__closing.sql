{{ config(materialized='view') }}

with

statements as (
    select * from {{ ref('int_cash__bank_statements') }}
),

final as (
    select
        statement_key as tracking_key,
        statement_key as row_id,
        bank_account_id as account_id,
        currency,
        closing_balance_minor as amount_minor,
        cast(null as numeric) as quantity,
        {{ add_days('end_on', -1) }} as business_on,
        {{ add_days('end_on', -1) }} as due_on,
        'statement ' || coalesce(statement_id, statement_key) || coalesce(' (' || file_line || ')', '') as evidence,
        cast(null as text) as verdict,
        cast(0 as bigint) as own_difference_minor
    from statements
)

select * from final
