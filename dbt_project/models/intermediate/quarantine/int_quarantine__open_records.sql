{{ config(materialized='view') }}

with

records as (
    select * from {{ ref('stg_ops__quarantined_records') }}
),

superseded as (
    select * from {{ ref('int_quarantine__superseded') }}
),

final as (
    select records.*
    from records
    left join superseded on records.load_id = superseded.load_id and records.line_no = superseded.line_no
    where superseded.load_id is null
)

select * from final
