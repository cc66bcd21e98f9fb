{#- Opening balance and entries of a statement give its closing balance (statements that have balances). -#}
{% test bank_statements_add_up(model) %}
with

statements as (
    select * from {{ ref('stg_bank__statements') }}
    where opening_balance_minor is not null and closing_balance_minor is not null
),

entries as (
    select
        statement_key,
        sum(amount_minor) as entries_minor
    from {{ model }}
    group by statement_key
)

select
    statements.statement_key,
    statements.opening_balance_minor,
    statements.closing_balance_minor,
    entries.entries_minor
from statements
left join entries on statements.statement_key = entries.statement_key
where statements.opening_balance_minor + coalesce(entries.entries_minor, 0) <> statements.closing_balance_minor
{% endtest %}


{#- Every recognisable line has a schedule, and its months add up to the line. -#}
{% test schedules_sum_to_their_lines(model) %}
with

lines as (
    select * from {{ ref('int_revenue__recognisable_lines') }}
),

sums as (
    select
        invoice_line_id,
        sum(amount_minor) as scheduled_minor
    from {{ model }}
    group by invoice_line_id
)

select
    lines.invoice_line_id,
    lines.net_minor,
    sums.scheduled_minor
from lines
full join sums on lines.invoice_line_id = sums.invoice_line_id
where lines.net_minor is distinct from sums.scheduled_minor
{% endtest %}


{#- The days of a line's month add up to the month. -#}
{% test days_sum_to_their_months(model) %}
with

months as (
    select * from {{ ref('fct_revenue_schedules') }}
),

sums as (
    select
        invoice_line_id,
        month_on,
        sum(amount_minor) as daily_minor
    from {{ model }}
    group by invoice_line_id, month_on
)

select
    months.invoice_line_id,
    months.month_on,
    months.amount_minor,
    sums.daily_minor
from months
full join sums on months.invoice_line_id = sums.invoice_line_id and months.month_on = sums.month_on
where months.amount_minor is distinct from sums.daily_minor
{% endtest %}


{#- Nothing is lost between the schedules and the months: by month and currency both have one total. -#}
{% test monthly_revenue_is_the_schedules(model) %}
with

scheduled as (
    select
        month_on,
        currency,
        sum(amount_minor) as scheduled_minor
    from {{ ref('fct_revenue_schedules') }}
    group by month_on, currency
),

monthly as (
    select
        month_on,
        currency,
        sum(amount_minor) as monthly_minor
    from {{ model }}
    group by month_on, currency
)

select
    coalesce(scheduled.month_on, monthly.month_on) as month_on,
    coalesce(scheduled.currency, monthly.currency) as currency,
    scheduled.scheduled_minor,
    monthly.monthly_minor
from scheduled
full join monthly on scheduled.month_on = monthly.month_on and scheduled.currency = monthly.currency
where scheduled.scheduled_minor is distinct from monthly.monthly_minor
{% endtest %}


{#- A row opens with what the customer's month before closed with; a month without a row had nothing. -#}
{% test mrr_follows_from_month_to_month(model) %}
select
    present.customer_id,
    present.currency,
    present.month_on,
    present.opening_minor,
    earlier.closing_minor
from {{ model }} as present
full join {{ model }} as earlier
    on
        present.customer_id = earlier.customer_id
        and present.currency = earlier.currency
        and present.month_on = {{ add_months_to_date('earlier.month_on', 1) }}
where
    (present.customer_id is not null and present.opening_minor <> coalesce(earlier.closing_minor, 0))
    or (
        present.customer_id is null
        and earlier.closing_minor <> 0
        and earlier.month_on < (select max(month_on) from {{ model }})
    )
{% endtest %}


{#- No recurring value is missing from the customers' months. -#}
{% test mrr_is_what_recurs(model) %}
with

recurring as (
    select
        month_on,
        currency,
        sum(monthly_minor) as recurring_minor
    from {{ ref('int_revenue__recurring_values') }}
    group by month_on, currency
    having sum(monthly_minor) <> 0
),

shown as (
    select
        month_on,
        currency,
        sum(closing_minor) as closing_minor
    from {{ model }}
    group by month_on, currency
    having sum(closing_minor) <> 0
)

select
    coalesce(recurring.month_on, shown.month_on) as month_on,
    coalesce(recurring.currency, shown.currency) as currency,
    recurring.recurring_minor,
    shown.closing_minor
from recurring
full join shown on recurring.month_on = shown.month_on and recurring.currency = shown.currency
where recurring.recurring_minor is distinct from shown.closing_minor
{% endtest %}
