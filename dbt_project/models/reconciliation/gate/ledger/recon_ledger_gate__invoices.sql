{{ config(materialized='view') }}

with

periods as (
    select * from {{ ref('recon_ledger_gate__periods') }}
),

lines as (
    select * from {{ source('ledger', 'journal_lines') }}
    where rule = 'invoice' and account in ('accounts_receivable', 'customer_credit_balance')
),

invoices as (
    select * from {{ ref('fct_invoices') }}
    where invoice_on is not null and total_minor <> 0
),

-- Billing knows one company, the books' entity main.
billed as (
    select
        'main' as entity,
        billing_system,
        invoice_id,
        currency,
        {{ month_start('invoice_on') }} as period_month,
        total_minor
    from invoices
),

booked as (
    select
        periods.entity,
        periods.period_month,
        lines.source_system as billing_system,
        lines.invoice_id,
        lines.currency,
        sum(lines.amount_minor) as total_minor
    from periods
    inner join lines
        on
            periods.entity = lines.entity
            and periods.period_month = lines.original_period
            -- nothing is posted before its month
            and periods.period_month = lines.posted_period
    group by periods.entity, periods.period_month, lines.source_system, lines.invoice_id, lines.currency
    having sum(lines.amount_minor) <> 0
),

both_sides as (
    select
        billed.entity,
        billed.period_month,
        billed.billing_system,
        billed.invoice_id,
        billed.currency,
        billed.total_minor as billed_minor,
        0 as booked_minor
    from billed
    union all
    select
        booked.entity,
        booked.period_month,
        booked.billing_system,
        booked.invoice_id,
        booked.currency,
        0 as billed_minor,
        booked.total_minor as booked_minor
    from booked
),

compared as (
    select
        entity,
        period_month,
        billing_system,
        invoice_id,
        currency,
        sum(billed_minor) as billed_minor,
        sum(booked_minor) as booked_minor
    from both_sides
    group by entity, period_month, billing_system, invoice_id, currency
),

final as (
    select
        entity,
        period_month,
        'invoices' as gate,
        currency,
        billing_system || ' invoice ' || invoice_id || ': billed ' || cast(billed_minor as text)
        || ', in the books ' || cast(booked_minor as text) || ' minor units' as reason,
        cast(1 as bigint) as row_count,
        cast(billed_minor - booked_minor as bigint) as amount_minor
    from compared
    where billed_minor <> booked_minor
)

select * from final
