{{ config(materialized='view') }}

with

closed as (
    select
        events.entity,
        events.period,
        max(events.event_no) as event_no
    from {{ source('ledger', 'period_events') }} as events
    inner join {{ source('ledger', 'periods') }} as periods
        on events.entity = periods.entity and events.period = periods.period
    where events.event = 'closed' and periods.status = 'closed'
    group by events.entity, events.period
),

balances as (
    select * from {{ source('ledger', 'balances') }}
),

-- What was written down is compared twice: with the journal, and with the trial balance that readers see.
places as (
    select 'journal' as place
    union all
    select 'fct_trial_balance' as place
),

final as (
    select
        places.place || '|' || balances.entity || '|' || {{ month_text('balances.period') }} || '|' || balances.account
        || '|' || balances.currency || '|' || balances.functional_currency as tracking_key,
        places.place || '|' || cast(balances.event_no as text) || '|' || balances.account || '|' || balances.currency
        || '|' || balances.functional_currency as row_id,
        cast(null as text) as account_id,
        balances.currency,
        balances.movement_minor as amount_minor,
        cast(balances.functional_movement_minor as numeric) as quantity,
        balances.period as business_on,
        cast('1900-01-01' as date) as due_on,
        'closing ' || cast(balances.event_no as text) as evidence
    from balances
    inner join closed on balances.entity = closed.entity and balances.event_no = closed.event_no
    cross join places
    where balances.movement_minor <> 0 or balances.functional_movement_minor <> 0
)

select * from final
