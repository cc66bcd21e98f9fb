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
        coalesce(invoices.due_on, invoices.invoice_on) as due_on,
        {{ days_between(
            'coalesce(invoices.due_on, invoices.invoice_on)', add_days(add_months_to_date('periods.period', 1), -1)
        ) }} as days_past_due,
        balances.open_minor,
        balances.functional_open_minor,
        periods.status = 'closed' as is_closed
    from balances
    inner join periods
        on
            balances.entity = periods.entity
            and balances.posted_period <= periods.period
            and (balances.moved_again_in > periods.period or balances.moved_again_in is null)
    left join invoices
        on balances.source_system = invoices.billing_system and balances.invoice_id = invoices.invoice_id
    where balances.open_minor <> 0 or balances.functional_open_minor <> 0
),

receivables as (
    select
        open_at_month_ends.*,
        buckets.bucket,
        buckets.bucket_name,
        entity || '|' || {{ date_text('period') }} as book_id,
        source_system || '|' || invoice_id || '|' || currency || '|' || functional_currency as receivable_id
    from open_at_month_ends
    cross join buckets
),

placed as (
    {{ placed_by_age('receivables') }}
),

final as (
    select
        entity,
        period,
        source_system,
        invoice_id,
        customer_id,
        currency,
        functional_currency,
        due_on,
        days_past_due,
        bucket,
        bucket_name,
        cast(open_minor as bigint) as open_minor,
        cast(functional_open_minor as bigint) as functional_open_minor,
        is_closed
    from placed
    where is_bucket_of_receivable
)

select * from final
