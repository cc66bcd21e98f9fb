{{ config(materialized='view') }}

with

periods as (
    select * from {{ ref('recon_gate__periods') }}
),

control_inputs as (
    select
        system,
        min(case when is_optional then 1 else 0 end) as is_always_optional
    from {{ ref('recon_control_inputs') }}
    group by system
),

systems as (
    select * from {{ ref('recon_systems') }}
),

loads as (
    select * from {{ ref('stg_ops__loads') }}
),

deliveries as (
    select
        system,
        max(delivered_on) as delivered_on
    from loads
    group by system
),

final as (
    select
        periods.period_month,
        'inputs' as gate,
        cast(null as text) as control_id,
        'xxx' as currency,
        systems.system || coalesce(
            ': loaded through ' || {{ date_text('deliveries.delivered_on') }}
            || ', due through ' || {{ date_text('periods.inputs_due_on') }},
            ': never loaded'
        ) as reason,
        cast(0 as bigint) as break_count,
        cast(null as bigint) as amount_minor
    from periods
    cross join systems
    inner join control_inputs on systems.system = control_inputs.system
    left join deliveries on systems.system = deliveries.system
    where
        (deliveries.system is null and control_inputs.is_always_optional = 0)
        or (deliveries.delivered_on < periods.inputs_due_on and systems.delivers = 'daily')
)

select * from final
