{{ config(materialized='view') }}

with

months as (
    select * from {{ ref('recon_ledger_gate__periods') }}
),

closed as (
    select * from {{ source('ledger', 'periods') }}
    where status = 'closed'
),

erp_lines as (
    select * from {{ ref('int_ledger__erp_gl_lines') }}
),

erp_months as (
    select distinct posted_month
    from erp_lines
),

last_closed as (
    select
        months.entity,
        months.period_month,
        max(closed.period) as period
    from months
    left join closed on months.entity = closed.entity and months.period_month > closed.period
    group by months.entity, months.period_month
),

final as (
    select
        entity,
        period_month,
        'reproduction' as gate,
        'no month before this one is closed' as because
    from last_closed
    where period is null
    union all
    select
        entity,
        period_month,
        'transfer' as gate,
        'no month before this one is closed, so nothing was handed to the ERP' as because
    from last_closed
    where period is null
    union all
    select
        last_closed.entity,
        last_closed.period_month,
        'transfer' as gate,
        'the ERP delivered no lines of its general ledger for ' || {{ month_text('last_closed.period') }} as because
    from last_closed
    left join erp_months on last_closed.period = erp_months.posted_month
    where last_closed.period is not null and erp_months.posted_month is null
)

select * from final
