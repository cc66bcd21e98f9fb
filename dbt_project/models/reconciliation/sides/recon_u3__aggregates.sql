{{ config(materialized='view') }}

with

days as (
    select * from {{ ref('recon_aggregated_days') }}
),

final as (
    {{ usage_cells_side('days', 'right') }}
)

select * from final
