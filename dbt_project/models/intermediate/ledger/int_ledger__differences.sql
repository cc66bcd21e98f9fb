{{ config(materialized='view') }}

with

entries as (
    select * from {{ ref('int_ledger__entries') }}
),

lines as (
    select * from {{ source('ledger', 'journal_lines') }}
),

final as (
    select * from {{ ledger_differences('entries', 'lines') }} as differences
)

select * from final
