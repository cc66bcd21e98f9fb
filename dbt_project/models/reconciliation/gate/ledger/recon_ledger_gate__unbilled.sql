{{ config(materialized='view') }}

with

periods as (
    select * from {{ ref('recon_ledger_gate__periods') }}
),

lines as (
    select * from {{ source('ledger', 'journal_lines') }}
    where account = 'unbilled_receivable'
),

balances as (
    select
        periods.entity,
        periods.period_month,
        lines.source_system,
        lines.customer_id,
        lines.line_ref,
        lines.currency,
        min(lines.original_period) as since_month,
        count(*) as row_count,
        sum(lines.amount_minor) as unbilled_minor
    from periods
    inner join lines on periods.entity = lines.entity and periods.period_month >= lines.posted_period
    group by
        periods.entity,
        periods.period_month,
        lines.source_system,
        lines.customer_id,
        lines.line_ref,
        lines.currency
),

-- Earned two months before: a cycle has passed, and no invoice took it over. What takes it over is an entry of the
-- invoice, so it is the line that tells what belongs together.
final as (
    select
        entity,
        period_month,
        'unbilled' as gate,
        currency,
        'customer ' || coalesce(customer_id, '(none)') || ', ' || source_system || ' ' || line_ref
        || ': not billed since ' || {{ date_text('since_month') }} as reason,
        row_count,
        cast(unbilled_minor as bigint) as amount_minor
    from balances
    where unbilled_minor <> 0 and {{ add_months_to_date('since_month', 1) }} < period_month
)

select * from final
