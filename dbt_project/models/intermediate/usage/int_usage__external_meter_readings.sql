{#- Another meter is another model of these columns, and one more part of this union. -#}
{{ config(materialized='view') }}

with

stripe_readings as (
    select * from {{ ref('int_usage__stripe_meter_readings') }}
),

final as (
    select * from stripe_readings
)

select * from final
