{{ config(materialized='view') }}

with

cells as (
    select * from {{ ref('recon_u3__day_cells') }}
    where not is_equal
),

-- Chosen before they are summed: a view of all days would sum all of them first.
resummed as (
    select * from {{ ref('recon_resummed_usage') }}
    where usage_on in (select usage_on from cells)
),

final as (
    {{ resummed_days('resummed') }}
)

select * from final
