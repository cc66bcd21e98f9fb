{{ config(materialized='view') }}

with

breaks as (
    select * from {{ ref('recon_breaks') }}
    where status = 'open'
),

register as (
    select * from {{ ref('recon_break_register') }}
),

-- What people said binds to the values that they saw: with others the whole break is open again.
final as (
    select
        breaks.break_id,
        breaks.control_id,
        breaks.break_class,
        breaks.severity,
        breaks.business_on,
        coalesce(breaks.currency, 'xxx') as currency,
        breaks.amount_minor,
        case
            when breaks.amount_minor is null then null
            when register.resolution is not null then 0
            else coalesce(register.remaining_minor, breaks.amount_minor)
        end as remaining_minor,
        coalesce(register.is_unexplained, true) as is_unexplained
    from breaks
    left join register
        on
            breaks.break_id = register.break_id
            and breaks.signature = register.signature
            and coalesce(register.resolution, 'none') <> 'auto'
)

select * from final
