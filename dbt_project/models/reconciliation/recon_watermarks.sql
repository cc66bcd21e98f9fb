with

inputs as (
    select * from {{ ref('recon_control_inputs') }}
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

-- A system that must deliver and never did holds the control at the beginning of time: nothing is evaluated.
-- One that delivers only what changed has no watermark of its own once it has delivered.
reached as (
    select
        inputs.control_id,
        case
            when deliveries.system is null and inputs.is_optional then null
            when deliveries.system is null then cast('1900-01-01' as date)
            when systems.delivers = 'daily' then deliveries.delivered_on
        end as delivered_on
    from inputs
    inner join systems on inputs.system = systems.system
    left join deliveries on inputs.system = deliveries.system
),

final as (
    select
        control_id,
        coalesce(min(delivered_on), cast('1900-01-01' as date)) as watermark_on
    from reached
    group by control_id
)

select * from final
