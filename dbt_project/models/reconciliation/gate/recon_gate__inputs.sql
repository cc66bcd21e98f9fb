{{ config(materialized='view') }}

with

periods as (
    select * from {{ ref('recon_gate__periods') }}
),

inputs as (
    select
        system,
        min(case when is_optional then 1 else 0 end) as is_always_optional
    from {{ ref('recon_control_inputs') }}
    group by system
),

loads as (
    select * from {{ ref('stg_ops__loads') }}
),

systems as (
    select
        system,
        max(delivered_on) as delivered_on
    from loads
    group by system
),

-- The price list changes rarely and has no daily delivery: having it at all is enough.
final as (
    select
        periods.period_month,
        'inputs' as gate,
        cast(null as text) as control_id,
        'xxx' as currency,
        inputs.system || coalesce(
            ': loaded through ' || {{ date_text('systems.delivered_on') }} || ', due through ' || {{ date_text('periods.inputs_due_on') }},
            ': never loaded'
        ) as reason,
        0 as break_count,
        cast(null as bigint) as amount_minor
    from periods
    cross join inputs
    left join systems on inputs.system = systems.system
    where
        (systems.system is null and inputs.is_always_optional = 0)
        or (systems.delivered_on < periods.inputs_due_on and inputs.system <> 'catalog')
)

select * from final
