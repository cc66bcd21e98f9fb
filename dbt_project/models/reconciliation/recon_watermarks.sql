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
-- One that delivers only what changed has no watermark of its own once it has delivered: it stands as of the last
-- delivery of any system.
reached as (
    select
        inputs.control_id,
        case
            when deliveries.system is null and inputs.is_optional then null
            when deliveries.system is null then cast('1900-01-01' as date)
            when systems.delivers = 'daily' then deliveries.delivered_on
        end as delivered_on,
        case when deliveries.system is not null then 1 else 0 end as is_delivered
    from inputs
    inner join systems on inputs.system = systems.system
    left join deliveries on inputs.system = deliveries.system
),

latest as (
    select max(delivered_on) as delivered_on from deliveries
),

final as (
    select
        reached.control_id,
        coalesce(
            min(reached.delivered_on),
            case when max(reached.is_delivered) = 1 then max(latest.delivered_on) end,
            cast('1900-01-01' as date)
        ) as watermark_on
    from reached
    cross join latest
    group by reached.control_id
)

select * from final
