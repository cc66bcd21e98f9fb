{{ config(materialized='view') }}

with

periods as (
    select * from {{ ref('recon_ledger_gate__periods') }}
),

lines as (
    select * from {{ source('ledger', 'journal_lines') }}
    where account = 'accounts_receivable'
),

invoices as (
    select * from {{ ref('fct_invoices') }}
    where invoice_on is not null
),

payments as (
    select * from {{ ref('fct_payments') }}
    where kind = 'payment' and status = 'succeeded' and invoice_id is not null
),

paid as (
    select
        periods.entity,
        periods.period_month,
        payments.billing_system,
        payments.invoice_id,
        sum(payments.amount_minor) as paid_minor
    from periods
    inner join payments on periods.period_end_on > {{ utc_date('payments.paid_at') }}
    group by periods.entity, periods.period_month, payments.billing_system, payments.invoice_id
),

booked as (
    select
        periods.entity,
        periods.period_month,
        lines.source_system as billing_system,
        lines.invoice_id,
        sum(lines.amount_minor) as receivable_minor
    from periods
    inner join lines on periods.entity = lines.entity and periods.period_month >= lines.posted_period
    group by periods.entity, periods.period_month, lines.source_system, lines.invoice_id
),

owed as (
    select
        periods.entity,
        periods.period_month,
        invoices.billing_system,
        invoices.invoice_id,
        invoices.currency,
        invoices.status in ('void', 'uncollectible') as is_written_off,
        coalesce(invoices.credited_minor, 0) as credited_minor,
        case when invoices.total_minor > 0 then invoices.total_minor else 0 end
        - coalesce(invoices.balance_applied_minor, 0)
        - coalesce(paid.paid_minor, 0) as owed_minor
    from periods
    inner join invoices on periods.entity = 'main' and periods.period_end_on > invoices.invoice_on
    left join paid
        on
            periods.entity = paid.entity
            and periods.period_month = paid.period_month
            and invoices.billing_system = paid.billing_system
            and invoices.invoice_id = paid.invoice_id
),

compared as (
    select
        owed.*,
        coalesce(booked.receivable_minor, 0) as receivable_minor
    from owed
    left join booked
        on
            owed.entity = booked.entity
            and owed.period_month = booked.period_month
            and owed.billing_system = booked.billing_system
            and owed.invoice_id = booked.invoice_id
),

-- A credit or a write-off may be dated after the month, in which case the receivable still stands in it.
final as (
    select
        entity,
        period_month,
        'receivables' as gate,
        currency,
        billing_system || ' invoice ' || invoice_id || ': owed ' || cast(owed_minor - credited_minor as text)
        || ', in the books ' || cast(receivable_minor as text) || ' minor units' as reason,
        cast(1 as bigint) as row_count,
        cast(owed_minor - credited_minor - receivable_minor as bigint) as amount_minor
    from compared
    where
        receivable_minor <> owed_minor
        and receivable_minor <> owed_minor - credited_minor
        and not (is_written_off and receivable_minor = 0)
)

select * from final
