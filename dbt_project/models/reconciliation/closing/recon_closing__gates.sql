{{ config(materialized='view') }}

with

periods as (
    select * from {{ ref('recon_closing__periods') }}
),

gates as (
    select * from {{ ref('recon_gates') }}
),

final as (
    select
        periods.entity,
        periods.period,
        gates.gate,
        gates.question
    from periods
    cross join gates
)

select * from final
