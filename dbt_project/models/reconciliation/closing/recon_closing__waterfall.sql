{{ config(materialized='view') }}

with

releases as (
    select * from {{ ref('recon_closing__deferred_releases') }}
),

periods as (
    select * from {{ ref('recon_closing__periods') }}
),

lines as (
    select * from {{ source('ledger', 'journal_lines') }}
    where account in {{ recognised_accounts() }}
),

invoices as (
    select * from {{ ref('int_ledger__invoices') }}
),

recognised as (
    select
        periods.entity,
        periods.period,
        lines.currency,
        lines.account,
        {{ month_start('invoices.billed_on') }} as billed_in,
        periods.period as month_on,
        'recognised' as status,
        -sum(lines.amount_minor) as revenue_minor
    from periods
    inner join lines on periods.entity = lines.entity and periods.period = lines.posted_period
    left join invoices on lines.source_system = invoices.billing_system and lines.invoice_id = invoices.invoice_id
    group by periods.entity, periods.period, lines.currency, lines.account, {{ month_start('invoices.billed_on') }}
),

planned as (
    select
        entity,
        period,
        currency,
        'deferred_revenue' as account,
        billed_in,
        month_on,
        'planned' as status,
        released_minor as revenue_minor
    from releases
),

by_month as (
    select * from recognised
    union all
    select * from planned
),

final as (
    select
        entity,
        period,
        currency,
        account,
        billed_in,
        month_on,
        status,
        cast(revenue_minor as bigint) as revenue_minor
    from by_month
    where revenue_minor <> 0
)

select * from final
