{%- set built = comparisons() | map(attribute='control_id') | unique | list -%}

with

controls as (
    select * from {{ ref('recon_controls') }}
),

watermarks as (
    select * from {{ ref('recon_watermarks') }}
),

objects as (
    select * from {{ ref('recon_control_objects') }}
),

loads as (
    select * from {{ ref('stg_ops__loads') }}
),

delivered as (
    select distinct
        system,
        object
    from loads
),

refused as (
    select distinct
        system,
        object
    from {{ ref('stg_ops__refused_files') }}
),

-- What was sent and refused is in use, although nothing of it can be looked at.
lacking as (
    select
        objects.control_id,
        count(refused.object) as refused_count
    from objects
    left join delivered on objects.system = delivered.system and objects.object = delivered.object
    left join refused on objects.system = refused.system and objects.object = refused.object
    where delivered.object is null
    group by objects.control_id
),

-- A control without inputs in the registry looks at the others, and always has something to look at.
final as (
    select
        controls.control_id,
        case
            when controls.control_id not in ('{{ built | join("', '") }}') then 'not run'
            when lacking.refused_count > 0 then 'not run'
            when lacking.control_id is not null or watermarks.watermark_on = cast('1900-01-01' as date)
                then 'not in use'
            else 'ran'
        end as state,
        watermarks.watermark_on
    from controls
    left join watermarks on controls.control_id = watermarks.control_id
    left join lacking on controls.control_id = lacking.control_id
)

select * from final
