{{ config(materialized='view') }}

with

closings as (
    select
        events.entity,
        events.period,
        max(events.event_no) as event_no
    from {{ source('ledger', 'period_events') }} as events
    where events.event = 'closed'
    group by events.entity, events.period
),

balances as (
    select
        balances.entity,
        balances.period,
        balances.currency,
        balances.functional_currency,
        -balances.balance_minor as balance_minor
    from {{ source('ledger', 'balances') }} as balances
    inner join closings on balances.entity = closings.entity and balances.event_no = closings.event_no
    where balances.account = 'deferred_revenue'
),

months as (
    select
        entity,
        period,
        currency,
        functional_currency
    from {{ ref('fct_deferred_revenue_rollforward') }}
    where is_closed
),

-- What the database wrote down when the month, and the month before it, was closed.
final as (
    select
        'closing|' || months.entity || '|' || {{ month_text('months.period') }} || '|' || months.currency || '|'
        || months.functional_currency as tracking_key,
        'closing|' || months.entity || '|' || {{ month_text('months.period') }} || '|' || months.currency || '|'
        || months.functional_currency as row_id,
        cast(null as text) as account_id,
        months.currency,
        cast(coalesce(balances.balance_minor, 0) as bigint) as amount_minor,
        cast(null as numeric) as quantity,
        months.period as business_on,
        cast('1900-01-01' as date) as due_on,
        'balance at the close of ' || {{ month_text('months.period') }} as evidence,
        'closing' as tie
    from months
    left join balances
        on
            months.entity = balances.entity
            and months.period = balances.period
            and months.currency = balances.currency
            and months.functional_currency = balances.functional_currency
    union all
    select
        'opening|' || months.entity || '|' || {{ month_text('months.period') }} || '|' || months.currency || '|'
        || months.functional_currency as tracking_key,
        'opening|' || months.entity || '|' || {{ month_text('months.period') }} || '|' || months.currency || '|'
        || months.functional_currency as row_id,
        cast(null as text) as account_id,
        months.currency,
        cast(coalesce(balances.balance_minor, 0) as bigint) as amount_minor,
        cast(null as numeric) as quantity,
        months.period as business_on,
        cast('1900-01-01' as date) as due_on,
        'balance at the close before ' || {{ month_text('months.period') }} as evidence,
        'opening' as tie
    from months
    left join balances
        on
            months.entity = balances.entity
            and months.period = {{ add_months_to_date('balances.period', 1) }}
            and months.currency = balances.currency
            and months.functional_currency = balances.functional_currency
)

select * from final
