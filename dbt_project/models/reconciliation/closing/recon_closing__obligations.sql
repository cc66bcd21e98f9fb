{{ config(materialized='view') }}

with

releases as (
    select * from {{ ref('recon_closing__deferred_releases') }}
),

contracted_months as (
    select * from {{ ref('int_revenue__contracted_months') }}
),

periods as (
    select * from {{ ref('recon_closing__periods') }}
),

final as (
    {{ obligations_at_month_ends('releases', 'contracted_months', 'periods') }}
)

select * from final
