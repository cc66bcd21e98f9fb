{{ config(materialized='view') }}

with

periods as (
    select * from {{ ref('recon_ledger_gate__periods') }}
),

reducing_lines as (
    select * from {{ source('ledger', 'journal_lines') }}
    where invoice_id is not null and rule not in ('invoice', 'schedule', 'payment')
),

revenue_lines as (
    select * from {{ source('ledger', 'journal_lines') }}
    where
        invoice_id is not null and invoice_line_id is not null
        and account in ('revenue', 'deferred_revenue')
),

schedules as (
    select * from {{ ref('fct_revenue_schedules') }}
),

invoices as (
    select * from {{ ref('fct_invoices') }}
    where invoice_on is not null
),

-- What is refunded, credited or written off takes from a line what its schedule does not know.
reduced as (
    select distinct
        periods.entity,
        periods.period_month,
        reducing_lines.source_system as billing_system,
        reducing_lines.invoice_id
    from periods
    inner join reducing_lines
        on periods.entity = reducing_lines.entity and periods.period_month >= reducing_lines.posted_period
),

scheduled as (
    select
        periods.entity,
        periods.period_month,
        schedules.billing_system,
        schedules.invoice_id,
        schedules.invoice_line_id,
        schedules.currency,
        sum(
            case when schedules.month_on <= periods.period_month then schedules.amount_minor else 0 end
        ) as earned_minor,
        sum(
            case when schedules.month_on > periods.period_month then schedules.amount_minor else 0 end
        ) as unearned_minor
    from periods
    inner join invoices on periods.entity = 'main' and periods.period_end_on > invoices.invoice_on
    inner join schedules
        on
            invoices.billing_system = schedules.billing_system
            and invoices.invoice_id = schedules.invoice_id
    group by
        periods.entity,
        periods.period_month,
        schedules.billing_system,
        schedules.invoice_id,
        schedules.invoice_line_id,
        schedules.currency
),

booked as (
    select
        periods.entity,
        periods.period_month,
        lines.source_system as billing_system,
        lines.invoice_line_id,
        sum(case when lines.account = 'revenue' then -lines.amount_minor else 0 end) as earned_minor,
        sum(case when lines.account = 'deferred_revenue' then -lines.amount_minor else 0 end) as unearned_minor
    from periods
    inner join revenue_lines as lines
        on periods.entity = lines.entity and periods.period_month >= lines.posted_period
    group by periods.entity, periods.period_month, lines.source_system, lines.invoice_line_id
),

compared as (
    select
        scheduled.entity,
        scheduled.period_month,
        scheduled.billing_system,
        scheduled.invoice_line_id,
        scheduled.currency,
        scheduled.earned_minor,
        scheduled.unearned_minor,
        coalesce(booked.earned_minor, 0) as booked_earned_minor,
        coalesce(booked.unearned_minor, 0) as booked_unearned_minor
    from scheduled
    left join booked
        on
            scheduled.entity = booked.entity
            and scheduled.period_month = booked.period_month
            and scheduled.billing_system = booked.billing_system
            and scheduled.invoice_line_id = booked.invoice_line_id
    left join reduced
        on
            scheduled.entity = reduced.entity
            and scheduled.period_month = reduced.period_month
            and scheduled.billing_system = reduced.billing_system
            and scheduled.invoice_id = reduced.invoice_id
    where reduced.invoice_id is null
),

final as (
    select
        entity,
        period_month,
        'revenue' as gate,
        currency,
        billing_system || ' line ' || invoice_line_id || ': earned ' || cast(earned_minor as text)
        || ' by its schedule, in the books ' || cast(booked_earned_minor as text) || ' minor units' as reason,
        cast(1 as bigint) as row_count,
        cast(earned_minor - booked_earned_minor as bigint) as amount_minor
    from compared
    where earned_minor <> booked_earned_minor
    union all
    select
        entity,
        period_month,
        'deferred revenue' as gate,
        currency,
        billing_system || ' line ' || invoice_line_id || ': still to earn ' || cast(unearned_minor as text)
        || ' by its schedule, deferred in the books ' || cast(booked_unearned_minor as text)
        || ' minor units' as reason,
        cast(1 as bigint) as row_count,
        cast(unearned_minor - booked_unearned_minor as bigint) as amount_minor
    from compared
    where unearned_minor <> booked_unearned_minor
)

select * from final
