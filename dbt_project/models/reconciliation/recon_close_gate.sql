{{ config(materialized='view') }}

with

final as (
    select * from {{ ref('recon_gate__breaks') }}
    union all
    select * from {{ ref('recon_gate__closure') }}
    union all
    select * from {{ ref('recon_gate__inputs') }}
    union all
    select * from {{ ref('recon_gate__quarantine') }}
    union all
    select * from {{ ref('recon_gate__checks') }}
    union all
    select * from {{ ref('recon_gate__bank_statements') }}
    union all
    select * from {{ ref('recon_gate__reference_data') }}
)

select * from final
