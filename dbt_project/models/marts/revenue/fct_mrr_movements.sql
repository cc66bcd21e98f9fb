{{ config(indexes=[{'columns': ['customer_id', 'currency', 'month_on'], 'unique': true}]) }}

with

recurring_values as (
    select * from {{ ref('int_revenue__recurring_values') }}
),

clock as (
    select as_of_on from {{ ref('int_clock__as_of') }}
),

by_customer as (
    select
        customer_id,
        currency,
        month_on,
        sum(monthly_minor) as mrr_minor
    from recurring_values
    group by customer_id, currency, month_on
),

spans as (
    select
        customer_id,
        currency,
        min(month_on) as first_on
    from by_customer
    where mrr_minor <> 0
    group by customer_id, currency
),

-- Every month that is over since the customer's first, those without recurring revenue as well.
by_month as (
    select
        spans.customer_id,
        spans.currency,
        months.month_on,
        months.month_on = spans.first_on as is_first,
        coalesce(by_customer.mrr_minor, 0) as closing_minor
    from spans
    cross join clock
    cross join {{ month_series('spans.first_on', month_start('clock.as_of_on'), 'months') }}
    left join by_customer
        on
            spans.customer_id = by_customer.customer_id
            and spans.currency = by_customer.currency
            and months.month_on = by_customer.month_on
),

opened as (
    select
        by_month.*,
        coalesce(
            lag(closing_minor) over (partition by customer_id, currency order by month_on), 0
        ) as opening_minor
    from by_month
),

named as (
    select
        opened.*,
        closing_minor - opening_minor as change_minor,
        case
            when is_first then 'new'
            when closing_minor = opening_minor then 'none'
            when opening_minor = 0 then 'reactivation'
            when closing_minor = 0 then 'churn'
            when closing_minor > opening_minor then 'expansion'
            else 'contraction'
        end as movement
    from opened
    where opening_minor <> 0 or closing_minor <> 0
),

final as (
    select
        customer_id,
        currency,
        month_on,
        movement,
        cast(opening_minor as bigint) as opening_minor,
        {%- for kind in ['new', 'expansion', 'contraction', 'churn', 'reactivation'] %}
        cast(case when movement = '{{ kind }}' then change_minor else 0 end as bigint) as {{ kind }}_minor,
        {%- endfor %}
        cast(closing_minor as bigint) as closing_minor
    from named
)

select * from final
