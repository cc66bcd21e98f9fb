{{ config(materialized='view') }}

with

periods as (
    select * from {{ ref('recon_closing__periods') }}
),

breaks as (
    select * from {{ ref('recon_breaks') }}
    where status = 'open'
),

controls as (
    select * from {{ ref('recon_controls') }}
),

-- A break is of the month of its day, and of every later one until it is cleared.
final as (
    select
        periods.entity,
        periods.period,
        breaks.control_id,
        controls.name,
        coalesce(breaks.currency, 'xxx') as currency,
        count(*) as break_count,
        cast(sum(breaks.amount_minor) as bigint) as amount_minor,
        cast(sum(abs(breaks.amount_minor)) as bigint) as gross_minor,
        min(breaks.business_on) as oldest_on
    from periods
    inner join breaks on periods.entity = 'main' and periods.as_of > breaks.business_on
    inner join controls on breaks.control_id = controls.control_id
    group by periods.entity, periods.period, breaks.control_id, controls.name, coalesce(breaks.currency, 'xxx')
)

select * from final
