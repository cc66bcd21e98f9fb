{{ config(materialized='view') }}

with

entries as (
    select * from {{ ref('int_ledger__entries') }}
    where account = 'deferred_revenue'
),

invoices as (
    select * from {{ ref('int_ledger__invoices') }}
),

periods as (
    select * from {{ ref('recon_closing__periods') }}
),

final as (
    {{ deferred_releases('entries', 'invoices', 'periods') }}
)

select * from final
