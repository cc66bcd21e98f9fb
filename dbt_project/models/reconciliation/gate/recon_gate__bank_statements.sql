{{ config(materialized='view') }}

with

periods as (
    select * from {{ ref('recon_gate__periods') }}
),

statements as (
    select * from {{ ref('fct_bank_statements') }}
    where not is_in_order
),

previous as (
    select * from {{ ref('fct_bank_statements') }}
),

-- What is missing lies between the statement and the one before it: every month that touches those days waits for it.
final as (
    select
        periods.period_month,
        'bank statements' as gate,
        cast(null as text) as control_id,
        statements.currency,
        statements.file_line || ': ' || statements.finding as reason,
        cast(1 as bigint) as break_count,
        abs(statements.gap_minor) as amount_minor
    from statements
    left join previous on statements.previous_statement_key = previous.statement_key
    inner join periods
        on
            statements.end_on > periods.period_month
            and periods.period_end_on > coalesce(previous.end_on, statements.start_on)
)

select * from final
