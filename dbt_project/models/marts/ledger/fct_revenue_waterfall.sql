{{ config(indexes=[{'columns': ['waterfall_key'], 'unique': true}]) }}

with

entries as (
    select * from {{ ref('int_ledger__entries') }}
    where account in {{ recognised_accounts() }}
),

lines as (
    select * from {{ source('ledger', 'journal_lines') }}
    where account in {{ recognised_accounts() }}
),

invoices as (
    select * from {{ ref('int_ledger__invoices') }}
),

open_periods as (
    select
        entity,
        min(period) as period
    from {{ source('ledger', 'periods') }}
    where status <> 'closed'
    group by entity
),

posted as (
    select
        entity,
        source_system,
        invoice_id,
        currency,
        posted_period,
        original_period,
        -sum(amount_minor) as revenue_minor
    from lines
    group by entity, source_system, invoice_id, currency, posted_period, original_period
),

-- What the rules say and is not posted yet comes in its own month, or in the first one that is open.
revenue as (
    select
        entity,
        source_system,
        invoice_id,
        currency,
        posted_period as month_on,
        'posted' as status,
        revenue_minor
    from posted
    union all
    select
        entity,
        source_system,
        invoice_id,
        currency,
        original_period as month_on,
        'planned' as status,
        -amount_minor as revenue_minor
    from entries
    union all
    select
        entity,
        source_system,
        invoice_id,
        currency,
        original_period as month_on,
        'planned' as status,
        -revenue_minor as revenue_minor
    from posted
),

placed as (
    select
        revenue.entity,
        revenue.currency,
        {{ month_start('invoices.billed_on') }} as invoice_month_on,
        case
            when revenue.status = 'planned' then greatest(revenue.month_on, open_periods.period)
            else revenue.month_on
        end as month_on,
        revenue.status,
        revenue.revenue_minor
    from revenue
    left join open_periods on revenue.entity = open_periods.entity
    left join invoices
        on revenue.source_system = invoices.billing_system and revenue.invoice_id = invoices.invoice_id
),

summed as (
    select
        entity,
        currency,
        invoice_month_on,
        month_on,
        status,
        sum(revenue_minor) as revenue_minor
    from placed
    group by entity, currency, invoice_month_on, month_on, status
),

final as (
    select
        {{ hash_key(['entity', 'currency', 'invoice_month_on', 'month_on', 'status']) }} as waterfall_key,
        entity,
        currency,
        invoice_month_on,
        month_on,
        status,
        cast(revenue_minor as bigint) as revenue_minor
    from summed
    where revenue_minor <> 0
)

select * from final
