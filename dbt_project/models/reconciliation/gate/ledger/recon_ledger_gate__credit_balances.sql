{{ config(materialized='view') }}

with

periods as (
    select * from {{ ref('recon_ledger_gate__periods') }}
),

clock as (
    select * from {{ ref('int_clock__as_of') }}
),

lines as (
    select * from {{ source('ledger', 'journal_lines') }}
    where account = 'customer_credit_balance' and source_system = 'stripe'
),

entries as (
    select * from {{ ref('int_ledger__entries') }}
    where account = 'customer_credit_balance' and source_system = 'stripe'
),

customers as (
    select * from {{ ref('stg_stripe__customers') }}
    where not is_deleted and account_id is not null
),

-- Billing says the balance of today; what moved it since the month's end is taken off again. Credit is negative on
-- both sides.
both_sides as (
    select
        periods.entity,
        periods.period_month,
        customers.account_id as customer_id,
        customers.currency,
        customers.balance_minor as billed_minor,
        0 as booked_minor
    from periods
    inner join customers on periods.entity = 'main'
    where coalesce(customers.balance_minor, 0) <> 0
    union all
    select
        periods.entity,
        periods.period_month,
        entries.customer_id,
        entries.currency,
        -entries.amount_minor as billed_minor,
        0 as booked_minor
    from periods
    inner join entries on periods.entity = entries.entity and periods.period_month < entries.original_period
    inner join clock on entries.booked_on <= clock.as_of_on
    union all
    select
        periods.entity,
        periods.period_month,
        lines.customer_id,
        lines.currency,
        0 as billed_minor,
        lines.amount_minor as booked_minor
    from periods
    inner join lines on periods.entity = lines.entity and periods.period_month >= lines.posted_period
),

compared as (
    select
        entity,
        period_month,
        customer_id,
        currency,
        sum(billed_minor) as billed_minor,
        sum(booked_minor) as booked_minor
    from both_sides
    group by entity, period_month, customer_id, currency
),

final as (
    select
        entity,
        period_month,
        'credit balances' as gate,
        currency,
        'customer ' || coalesce(customer_id, '(none)') || ': credit ' || cast(-billed_minor as text)
        || ' by billing, in the books ' || cast(-booked_minor as text) || ' minor units' as reason,
        cast(1 as bigint) as row_count,
        cast(booked_minor - billed_minor as bigint) as amount_minor
    from compared
    where billed_minor <> booked_minor
)

select * from final
