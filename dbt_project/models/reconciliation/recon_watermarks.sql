with

inputs as (
    select * from {{ ref('recon_control_inputs') }}
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

-- A system that must deliver and never did holds the control at the beginning of time: nothing is evaluated, nothing passes.
final as (
    select
        inputs.control_id,
        coalesce(
            min(case
                when systems.system is null and inputs.is_optional then null
                else coalesce(systems.delivered_on, cast('1900-01-01' as date))
            end),
            cast('1900-01-01' as date)
        ) as watermark_on
    from inputs
    left join systems on inputs.system = systems.system
    group by inputs.control_id
)

select * from final
