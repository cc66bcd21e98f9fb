{{ config(materialized='view') }}

with

periods as (
    select * from {{ ref('recon_ledger_gate__periods') }}
),

lines as (
    select * from {{ source('ledger', 'journal_lines') }}
    where rule = 'invoice' and account = 'tax_payable'
),

invoices as (
    select * from {{ ref('fct_invoices') }}
    where invoice_on is not null
),

both_sides as (
    select
        'main' as entity,
        {{ month_start('invoice_on') }} as period_month,
        currency,
        tax_minor
    from invoices
    union all
    select
        periods.entity,
        periods.period_month,
        lines.currency,
        lines.amount_minor as tax_minor
    from periods
    inner join lines
        on
            periods.entity = lines.entity
            and periods.period_month = lines.original_period
            -- nothing is posted before its month
            and periods.period_month = lines.posted_period
),

compared as (
    select
        entity,
        period_month,
        currency,
        count(*) as row_count,
        sum(tax_minor) as off_minor
    from both_sides
    group by entity, period_month, currency
),

final as (
    select
        entity,
        period_month,
        'tax' as gate,
        currency,
        'tax on the invoices of the month, less tax in the books' as reason,
        row_count,
        cast(off_minor as bigint) as amount_minor
    from compared
    where off_minor <> 0
)

select * from final
