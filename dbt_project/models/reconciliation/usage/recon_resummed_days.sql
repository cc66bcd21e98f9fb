{{ config(materialized='view') }}

with

resummed as (
    select * from {{ ref('recon_resummed_usage') }}
),

final as (
    {{ resummed_days('resummed') }}
)

select * from final
