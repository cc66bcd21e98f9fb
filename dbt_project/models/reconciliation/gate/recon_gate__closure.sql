{{ config(materialized='view') }}

with

totals as (
    select * from {{ ref('recon_control_totals') }}
),

unexplained as (
    select
        period_month,
        'closure' as gate,
        control_id,
        currency,
        comparison || ': a difference that no break explains' as reason,
        0 as break_count,
        residue_minor as amount_minor
    from totals
    where residue_minor <> 0
),

-- Rounding that leans one way is not rounding: more than half a unit for each rounded row.
biased as (
    select
        period_month,
        'rounding bias' as gate,
        control_id,
        currency,
        comparison || ': rounding differences lean one way' as reason,
        rounding_count as break_count,
        rounding_minor as amount_minor
    from totals
    where abs(rounding_minor) * 2 > rounding_count and rounding_count >= 20
),

final as (
    select * from unexplained
    union all
    select * from biased
)

select * from final
