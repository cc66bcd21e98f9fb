{{ config(materialized='view') }}

with

closed as (
    select
        entity,
        period
    from {{ source('ledger', 'periods') }}
    where status = 'closed'
),

journal as (
    select
        'journal' as place,
        lines.entity,
        lines.posted_period as period,
        lines.account,
        lines.currency,
        lines.functional_currency,
        sum(lines.amount_minor) as amount_minor,
        sum(lines.functional_minor) as functional_minor,
        cast(count(*) as text) || ' journal lines' as evidence
    from {{ source('ledger', 'journal_lines') }} as lines
    inner join closed on lines.entity = closed.entity and lines.posted_period = closed.period
    group by lines.entity, lines.posted_period, lines.account, lines.currency, lines.functional_currency
),

reported as (
    select
        'fct_trial_balance' as place,
        trial_balance.entity,
        trial_balance.period,
        trial_balance.account,
        trial_balance.currency,
        trial_balance.functional_currency,
        trial_balance.debit_minor - trial_balance.credit_minor as amount_minor,
        trial_balance.functional_debit_minor - trial_balance.functional_credit_minor as functional_minor,
        'trial balance' as evidence
    from {{ ref('fct_trial_balance') }} as trial_balance
    inner join closed on trial_balance.entity = closed.entity and trial_balance.period = closed.period
),

places as (
    select * from journal
    union all
    select * from reported
),

final as (
    select
        place || '|' || entity || '|' || {{ month_text('period') }} || '|' || account || '|' || currency || '|'
        || functional_currency as tracking_key,
        place || '|' || entity || '|' || {{ month_text('period') }} || '|' || account || '|' || currency || '|'
        || functional_currency as row_id,
        cast(null as text) as account_id,
        currency,
        cast(amount_minor as bigint) as amount_minor,
        cast(functional_minor as numeric) as quantity,
        period as business_on,
        cast('1900-01-01' as date) as due_on,
        evidence || ' of ' || {{ month_text('period') }} as evidence
    from places
    where amount_minor <> 0 or functional_minor <> 0
)

select * from final
