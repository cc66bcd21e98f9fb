{{ config(materialized='view') }}

with

daily as (
    select * from {{ ref('int_revenue__schedules_daily') }}
),

final as (
    select
        invoice_line_id,
        day_on,
        currency,
        amount_minor,
        month_on,
        recognition_method
    from daily
)

select * from final
