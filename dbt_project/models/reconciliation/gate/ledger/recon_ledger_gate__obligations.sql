{{ config(materialized='view') }}

with

obligations as (
    select * from {{ ref('recon_closing__obligations') }}
),

closing as (
    select * from {{ ref('recon_closing__periods') }}
),

lines as (
    select * from {{ source('ledger', 'journal_lines') }}
    where account = 'deferred_revenue'
),

both_sides as (
    select
        entity,
        period as period_month,
        currency,
        deferred_minor,
        unbilled_minor,
        within_12_months_minor,
        after_12_months_minor,
        0 as booked_minor
    from obligations
    union all
    select
        closing.entity,
        closing.period as period_month,
        lines.currency,
        0 as deferred_minor,
        0 as unbilled_minor,
        0 as within_12_months_minor,
        0 as after_12_months_minor,
        -lines.amount_minor as booked_minor
    from closing
    inner join lines on closing.entity = lines.entity and closing.period >= lines.posted_period
),

compared as (
    select
        entity,
        period_month,
        currency,
        count(*) as row_count,
        sum(deferred_minor) as deferred_minor,
        sum(booked_minor) as booked_minor,
        sum(deferred_minor + unbilled_minor) as total_minor,
        sum(within_12_months_minor + after_12_months_minor) as by_time_minor
    from both_sides
    group by entity, period_month, currency
),

final as (
    select
        entity,
        period_month,
        'remaining obligations' as gate,
        currency,
        'billed and still to earn, less deferred revenue in the books' as reason,
        row_count,
        cast(deferred_minor - booked_minor as bigint) as amount_minor
    from compared
    where deferred_minor <> booked_minor
    union all
    select
        entity,
        period_month,
        'remaining obligations' as gate,
        currency,
        'deferred and not billed, less what is earned within 12 months and after' as reason,
        row_count,
        cast(total_minor - by_time_minor as bigint) as amount_minor
    from compared
    where total_minor <> by_time_minor
)

select * from final
