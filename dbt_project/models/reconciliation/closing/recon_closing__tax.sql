{{ config(materialized='view') }}

with

periods as (
    select * from {{ ref('recon_closing__periods') }}
),

lines as (
    select * from {{ source('ledger', 'journal_lines') }}
    where rule not in ('schedule', 'unbilled', 'usage', 'terminate', 'payment')
),

customers as (
    select * from {{ ref('int_customers__crosswalk') }}
),

posted as (
    select
        periods.entity,
        periods.period,
        coalesce(customers.country, '') as country,
        lines.currency,
        lines.rule,
        lines.entry_key,
        case when lines.account = 'tax_payable' then -lines.amount_minor else 0 end as tax_minor,
        case
            when lines.account in ('deferred_revenue', 'unbilled_receivable', 'bad_debt') then -lines.amount_minor
            when lines.account in {{ revenue_accounts() }} then -lines.amount_minor
            else 0
        end as base_minor
    from periods
    inner join lines on periods.entity = lines.entity and periods.period = lines.posted_period
    left join customers on lines.customer_id = customers.account_id
),

-- The base is what the same entries put on revenue, earned or not, or took from it.
final as (
    select
        entity,
        period,
        country,
        currency,
        rule,
        cast(sum(base_minor) as bigint) as base_minor,
        cast(sum(tax_minor) as bigint) as tax_minor,
        count(distinct entry_key) as entry_count
    from posted
    group by entity, period, country, currency, rule
    having sum(base_minor) <> 0 or sum(tax_minor) <> 0
)

select * from final
