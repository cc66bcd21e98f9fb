{{ config(materialized='view') }}

with

periods as (
    select * from {{ ref('recon_ledger_gate__periods') }}
),

lines as (
    select * from {{ source('ledger', 'journal_lines') }}
),

currencies as (
    select
        periods.entity,
        periods.period_month,
        lines.currency,
        count(*) as row_count,
        sum(lines.amount_minor) as off_minor
    from periods
    inner join lines on periods.entity = lines.entity and periods.period_month >= lines.posted_period
    group by periods.entity, periods.period_month, lines.currency
),

functional_currencies as (
    select
        periods.entity,
        periods.period_month,
        lines.functional_currency as currency,
        count(*) as row_count,
        sum(lines.functional_minor) as off_minor
    from periods
    inner join lines on periods.entity = lines.entity and periods.period_month >= lines.posted_period
    group by periods.entity, periods.period_month, lines.functional_currency
),

sums as (
    select
        currencies.*,
        'debits less credits through the month' as reason
    from currencies
    union all
    select
        functional_currencies.*,
        'debits less credits through the month, in functional currency' as reason
    from functional_currencies
),

final as (
    select
        entity,
        period_month,
        'trial balance' as gate,
        currency,
        reason,
        row_count,
        cast(off_minor as bigint) as amount_minor
    from sums
    where off_minor <> 0
)

select * from final
