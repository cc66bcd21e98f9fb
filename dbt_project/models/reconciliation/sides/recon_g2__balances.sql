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

ties as (
    select
        months.*,
        'closing' as tie,
        months.period as balance_period,
        'of' as of_or_before
    from months
    union all
    select
        months.*,
        'opening' as tie,
        {{ add_months_to_date('months.period', -1) }} as balance_period,
        'before' as of_or_before
    from months
),

-- What the database wrote down when the month, and the month before it, was closed.
keyed as (
    select
        ties.*,
        ties.tie || '|' || ties.entity || '|' || {{ month_text('ties.period') }} || '|' || ties.currency || '|'
        || ties.functional_currency as tie_key
    from ties
),

final as (
    select
        keyed.tie_key as tracking_key,
        keyed.tie_key as row_id,
        cast(null as text) as account_id,
        keyed.currency,
        cast(coalesce(balances.balance_minor, 0) as bigint) as amount_minor,
        cast(null as numeric) as quantity,
        keyed.period as business_on,
        cast('1900-01-01' as date) as due_on,
        'balance at the close ' || keyed.of_or_before || ' ' || {{ month_text('keyed.period') }} as evidence,
        keyed.tie
    from keyed
    left join balances
        on
            keyed.entity = balances.entity
            and keyed.balance_period = balances.period
            and keyed.currency = balances.currency
            and keyed.functional_currency = balances.functional_currency
)

select * from final
