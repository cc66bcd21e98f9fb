{{ config(indexes=[
    {'columns': ['entity', 'period', 'source_system', 'invoice_id', 'currency', 'functional_currency'], 'unique': true},
]) }}

with

lines as (
    select * from {{ source('ledger', 'journal_lines') }}
    where account = 'accounts_receivable'
),

periods as (
    select * from {{ source('ledger', 'periods') }}
),

invoices as (
    select * from {{ ref('int_billing__invoices') }}
),

buckets as (
    select * from {{ ref('ageing_buckets') }}
),

by_month as (
    select
        entity,
        source_system,
        coalesce(invoice_id, '') as invoice_id,
        currency,
        functional_currency,
        posted_period,
        max(customer_id) as customer_id,
        sum(amount_minor) as moved_minor,
        sum(functional_minor) as functional_moved_minor
    from lines
    group by entity, source_system, coalesce(invoice_id, ''), currency, functional_currency, posted_period
),

-- Each balance holds until the month of the next movement.
balances as (
    select
        by_month.*,
        sum(moved_minor) over (
            partition by entity, source_system, invoice_id, currency, functional_currency order by posted_period
        ) as open_minor,
        sum(functional_moved_minor) over (
            partition by entity, source_system, invoice_id, currency, functional_currency order by posted_period
        ) as functional_open_minor,
        lead(posted_period) over (
            partition by entity, source_system, invoice_id, currency, functional_currency order by posted_period
        ) as moved_again_in
    from by_month
),

open_at_month_ends as (
    select
        balances.entity,
        periods.period,
        balances.source_system,
        balances.invoice_id,
        balances.customer_id,
        balances.currency,
        balances.functional_currency,
        balances.open_minor,
        balances.functional_open_minor
    from balances
    inner join periods
        on
            balances.entity = periods.entity
            and balances.posted_period <= periods.period
            and (balances.moved_again_in > periods.period or balances.moved_again_in is null)
    where balances.open_minor <> 0 or balances.functional_open_minor <> 0
),

aged as (
    {{ aged_receivables('open_at_month_ends', 'invoices', 'buckets') }}
),

final as (
    select
        aged.*,
        periods.status = 'closed' as is_closed
    from aged
    inner join periods on aged.entity = periods.entity and aged.period = periods.period
)

select * from final
