{#- Opening + causes = closing, and closing = opening of the next month, in both currencies. -#}
{% test rolls_forward(model, keys, causes, signs={}, functional=true) %}
with

rows_in_order as (
    select
        {{ model }}.*,
        lag(closing_minor) over (partition by {{ keys | join(', ') }} order by period) as closing_before_minor,
        {%- if functional %}
        lag(functional_closing_minor) over (partition by {{ keys | join(', ') }} order by period)
            as functional_closing_before_minor,
        {%- endif %}
        lag(period) over (partition by {{ keys | join(', ') }} order by period) as period_before
    from {{ model }}
)

select *
from rows_in_order
where
    {%- for prefix in ['', 'functional_'] if functional or not prefix %}
    {%- if prefix %}
    or
    {%- endif %}
    {{ prefix }}opening_minor
    {%- for cause in causes %} {{ signs.get(cause, '+') }} {{ prefix }}{{ cause }}_minor{% endfor %}
    <> {{ prefix }}closing_minor
    or {{ prefix }}opening_minor <> coalesce({{ prefix }}closing_before_minor, 0)
    {%- endfor %}
    or period <> {{ add_months_to_date('period_before', 1) }}
{% endtest %}


{#- Every month of a roll-forward closes with what the trial balance says of the account. -#}
{% test closes_with_the_trial_balance(model, account, sign) %}
{%- set keys = ['entity', 'period', 'currency', 'functional_currency'] %}
with

trial_balance as (
    select * from {{ ref('fct_trial_balance') }}
    where account = '{{ account }}'
)

select
    coalesce(rolled.period, trial_balance.period) as period,
    coalesce(rolled.currency, trial_balance.currency) as currency,
    rolled.closing_minor,
    trial_balance.closing_minor as trial_balance_minor
from {{ model }} as rolled
full join trial_balance
    on
        {%- for key in keys %}
        rolled.{{ key }} = trial_balance.{{ key }}{{ ' and' if not loop.last }}
        {%- endfor %}
where
    rolled.closing_minor is distinct from {{ sign }} * trial_balance.closing_minor
    or rolled.functional_closing_minor is distinct from {{ sign }} * trial_balance.functional_closing_minor
{% endtest %}


{#- Debits are credits: in every month, of every currency, and in functional currency over all of them. -#}
{% test trial_balance_is_zero(model) %}
select
    entity,
    period,
    currency,
    sum(closing_minor) as off_minor
from {{ model }}
group by entity, period, currency
having sum(closing_minor) <> 0 or sum(debit_minor) <> sum(credit_minor)
union all
select
    entity,
    period,
    functional_currency as currency,
    sum(functional_closing_minor) as off_minor
from {{ model }}
group by entity, period, functional_currency
having sum(functional_closing_minor) <> 0 or sum(functional_debit_minor) <> sum(functional_credit_minor)
{% endtest %}


{#- The last balances are the sums of all lines of the journal. -#}
{% test trial_balance_is_the_journal(model) %}
with

last_balances as (
    select trial_balance.*
    from {{ model }} as trial_balance
    inner join (
        select
            entity,
            max(period) as period
        from {{ source('ledger', 'periods') }}
        group by entity
    ) as last_periods on trial_balance.entity = last_periods.entity and trial_balance.period = last_periods.period
),

sums as (
    select
        entity,
        account,
        currency,
        functional_currency,
        sum(amount_minor) as balance_minor,
        sum(functional_minor) as functional_balance_minor
    from {{ source('ledger', 'journal_lines') }}
    group by entity, account, currency, functional_currency
)

select
    coalesce(sums.entity, last_balances.entity) as entity,
    coalesce(sums.account, last_balances.account) as account,
    coalesce(sums.currency, last_balances.currency) as currency,
    sums.balance_minor,
    last_balances.closing_minor
from last_balances
full join sums
    on
        last_balances.entity = sums.entity
        and last_balances.account = sums.account
        and last_balances.currency = sums.currency
        and last_balances.functional_currency = sums.functional_currency
where
    sums.balance_minor is distinct from last_balances.closing_minor
    or sums.functional_balance_minor is distinct from last_balances.functional_closing_minor
{% endtest %}


{#- A closed month shows what the database wrote down when it was closed. -#}
{% test closed_months_are_as_they_were_closed(model) %}
with

closed as (
    select
        entity,
        period,
        max(event_no) as event_no
    from {{ source('ledger', 'period_events') }}
    where event = 'closed'
    group by entity, period
),

balances as (
    select balances.*
    from {{ source('ledger', 'balances') }} as balances
    inner join closed on balances.entity = closed.entity and balances.event_no = closed.event_no
    inner join {{ source('ledger', 'periods') }} as periods
        on closed.entity = periods.entity and closed.period = periods.period
    where periods.status = 'closed'
),

shown as (
    select * from {{ model }}
    where is_closed
)

select
    coalesce(balances.entity, shown.entity) as entity,
    coalesce(balances.period, shown.period) as period,
    coalesce(balances.account, shown.account) as account,
    coalesce(balances.currency, shown.currency) as currency,
    balances.balance_minor,
    shown.closing_minor
from balances
full join shown
    on
        balances.entity = shown.entity
        and balances.period = shown.period
        and balances.account = shown.account
        and balances.currency = shown.currency
        and balances.functional_currency = shown.functional_currency
where
    balances.balance_minor is distinct from shown.closing_minor
    or balances.functional_balance_minor is distinct from shown.functional_closing_minor
    or balances.movement_minor is distinct from shown.debit_minor - shown.credit_minor
{% endtest %}


{#- Per group, the columns add up to 0. -#}
{% test sums_to_zero(model, columns, group_by) %}
select
    {{ group_by | join(', ') }}
from {{ model }}
group by {{ group_by | join(', ') }}
having {% for column in columns %}sum({{ column }}) <> 0{{ ' or ' if not loop.last }}{% endfor %}
{% endtest %}


{#- By month and currency, an amount (and functional_<amount>) adds up to the balance of its account. -#}
{% test adds_up_to_an_account(model, account, amount) %}
with

shown as (
    select
        entity,
        period,
        currency,
        functional_currency,
        sum({{ amount }}) as shown_minor,
        sum(functional_{{ amount }}) as functional_shown_minor
    from {{ model }}
    group by entity, period, currency, functional_currency
),

trial_balance as (
    select * from {{ ref('fct_trial_balance') }}
    where account = '{{ account }}'
)

select
    coalesce(shown.period, trial_balance.period) as period,
    coalesce(shown.currency, trial_balance.currency) as currency,
    shown.shown_minor,
    trial_balance.closing_minor
from trial_balance
full join shown
    on
        trial_balance.entity = shown.entity
        and trial_balance.period = shown.period
        and trial_balance.currency = shown.currency
        and trial_balance.functional_currency = shown.functional_currency
where
    coalesce(shown.shown_minor, 0) is distinct from trial_balance.closing_minor
    or coalesce(shown.functional_shown_minor, 0) is distinct from trial_balance.functional_closing_minor
{% endtest %}


{#- Net revenue of a month and of the month before it are the movements of the revenue accounts. -#}
{% test flux_is_the_trial_balance(model) %}
with

moved as (
    select
        entity,
        period,
        currency,
        sum(credit_minor - debit_minor) as revenue_minor
    from {{ ref('fct_trial_balance') }}
    where account in {{ revenue_accounts() }}
    group by entity, period, currency
),

flux as (
    select
        entity,
        period,
        currency,
        sum(prior_minor) as prior_minor,
        sum(current_minor) as current_minor
    from {{ model }}
    group by entity, period, currency
)

select
    coalesce(moved.period, flux.period) as period,
    coalesce(moved.currency, flux.currency) as currency,
    flux.prior_minor,
    before.revenue_minor as revenue_before_minor,
    flux.current_minor,
    moved.revenue_minor
from moved
full join flux on moved.entity = flux.entity and moved.period = flux.period and moved.currency = flux.currency
left join moved as before
    on
        moved.entity = before.entity
        and moved.period = {{ add_months_to_date('before.period', 1) }}
        and moved.currency = before.currency
where
    coalesce(flux.current_minor, 0) is distinct from moved.revenue_minor
    or coalesce(flux.prior_minor, 0) <> coalesce(before.revenue_minor, 0)
{% endtest %}


{#- Posted and planned together are the revenue of the rules; posted alone is the trial balance, by month. -#}
{% test waterfall_is_what_the_rules_say(model) %}
with

ruled as (
    select
        entity,
        currency,
        -sum(amount_minor) as revenue_minor
    from {{ ref('int_ledger__entries') }}
    where account in {{ recognised_accounts() }}
    group by entity, currency
),

shown as (
    select
        entity,
        currency,
        sum(revenue_minor) as revenue_minor
    from {{ model }}
    group by entity, currency
),

booked as (
    select
        entity,
        currency,
        period,
        sum(credit_minor - debit_minor) as revenue_minor
    from {{ ref('fct_trial_balance') }}
    where account in {{ recognised_accounts() }}
    group by entity, currency, period
),

posted as (
    select
        entity,
        currency,
        month_on,
        sum(revenue_minor) as revenue_minor
    from {{ model }}
    where status = 'posted'
    group by entity, currency, month_on
)

select
    coalesce(ruled.currency, shown.currency) as currency,
    cast(null as date) as period,
    ruled.revenue_minor as expected_minor,
    shown.revenue_minor as shown_minor
from ruled
full join shown on ruled.entity = shown.entity and ruled.currency = shown.currency
where coalesce(ruled.revenue_minor, 0) <> coalesce(shown.revenue_minor, 0)
union all
select
    coalesce(booked.currency, posted.currency) as currency,
    coalesce(booked.period, posted.month_on) as period,
    booked.revenue_minor as expected_minor,
    posted.revenue_minor as shown_minor
from booked
full join posted
    on booked.entity = posted.entity and booked.currency = posted.currency and booked.period = posted.month_on
where coalesce(booked.revenue_minor, 0) <> coalesce(posted.revenue_minor, 0)
{% endtest %}


{#- Deferred revenue of the obligations is the balance that the rules give at the end of each month. -#}
{% test deferred_is_that_of_the_rules(model) %}
with

periods as (
    select * from {{ source('ledger', 'periods') }}
),

entries as (
    select * from {{ ref('int_ledger__entries') }}
    where account = 'deferred_revenue'
),

ruled as (
    select
        periods.entity,
        periods.period,
        entries.currency,
        -sum(entries.amount_minor) as deferred_minor
    from periods
    inner join entries on periods.entity = entries.entity and periods.period >= entries.original_period
    group by periods.entity, periods.period, entries.currency
)

select
    coalesce(ruled.period, obligations.period) as period,
    coalesce(ruled.currency, obligations.currency) as currency,
    ruled.deferred_minor as ruled_minor,
    obligations.deferred_minor
from ruled
full join {{ model }} as obligations
    on
        ruled.entity = obligations.entity
        and ruled.period = obligations.period
        and ruled.currency = obligations.currency
where coalesce(ruled.deferred_minor, 0) <> coalesce(obligations.deferred_minor, 0)
{% endtest %}
