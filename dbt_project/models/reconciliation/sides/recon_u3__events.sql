{{ config(materialized='view') }}

with

days as (
    select * from {{ ref('recon_u3__resummed_days') }}
),

final as (
    {{ usage_cells_side('days', 'left') }}
)

select * from final
