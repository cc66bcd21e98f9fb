{{ config(indexes=[{'columns': ['entity', 'period', 'currency'], 'unique': true}]) }}

with

entries as (
    select * from {{ ref('int_ledger__entries') }}
    where account = 'deferred_revenue'
),

invoices as (
    select * from {{ ref('int_ledger__invoices') }}
),

contracted_months as (
    select * from {{ ref('int_revenue__contracted_months') }}
),

periods as (
    select
        entity,
        period,
        {{ add_months_to_date('period', 1) }} as as_of,
        status = 'closed' as is_closed
    from {{ source('ledger', 'periods') }}
),

deferred_by_month as (
    select
        entries.entity,
        entries.currency,
        {{ month_start('invoices.billed_on') }} as billed_in,
        entries.original_period as month_on,
        sum(entries.amount_minor) as moved_minor
    from entries
    left join invoices
        on entries.source_system = invoices.billing_system and entries.invoice_id = invoices.invoice_id
    group by entries.entity, entries.currency, {{ month_start('invoices.billed_on') }}, entries.original_period
),

-- What is billed by the end of a month and leaves deferred revenue after it.
billed_months as (
    select
        periods.entity || '|' || {{ date_text('periods.period') }} || '|' || deferred_by_month.currency as line_id,
        periods.entity,
        periods.period,
        periods.as_of,
        periods.is_closed,
        deferred_by_month.currency,
        deferred_by_month.month_on as from_on,
        {{ add_months_to_date('deferred_by_month.month_on', 1) }} as until_on,
        deferred_by_month.moved_minor as amount
    from periods
    inner join deferred_by_month
        on
            periods.entity = deferred_by_month.entity
            and (deferred_by_month.billed_in is null or periods.period >= deferred_by_month.billed_in)
            and periods.period < deferred_by_month.month_on
),

-- Contracts are those of the one company that billing knows, the books' entity main.
contracted as (
    select
        periods.entity || '|' || {{ date_text('periods.period') }} || '|' || contracted_months.line_id as line_id,
        periods.entity,
        periods.period,
        periods.as_of,
        periods.is_closed,
        contracted_months.currency,
        contracted_months.earned_from_on as from_on,
        contracted_months.earned_until_on as until_on,
        contracted_months.amount_minor as amount
    from periods
    inner join contracted_months
        on periods.entity = 'main' and periods.as_of <= contracted_months.billed_on
),

months as (
    select * from billed_months
    union all
    select * from contracted
),

lines as (
    select
        line_id,
        entity,
        period,
        as_of,
        is_closed,
        currency,
        cast(sum(amount) as bigint) as amount,
        cast(sum(amount) as bigint) as billed
    from billed_months
    group by line_id, entity, period, as_of, is_closed, currency
    union all
    select
        line_id,
        entity,
        period,
        as_of,
        is_closed,
        currency,
        cast(sum(amount) as bigint) as amount,
        cast(0 as bigint) as billed
    from contracted
    group by line_id, entity, period, as_of, is_closed, currency
),

obligations as (
    {{ remaining_obligations('lines', 'months') }}
),

final as (
    select
        lines.entity,
        lines.period,
        lines.currency,
        cast(sum(obligations.deferred) as bigint) as deferred_minor,
        cast(sum(obligations.unbilled_rpo) as bigint) as unbilled_minor,
        cast(sum(obligations.total) as bigint) as total_minor,
        cast(sum(obligations.within_12_months) as bigint) as within_12_months_minor,
        cast(sum(obligations.after_12_months) as bigint) as after_12_months_minor,
        lines.is_closed
    from lines
    inner join obligations on lines.line_id = obligations.line_id
    group by lines.entity, lines.period, lines.currency, lines.is_closed
)

select * from final
