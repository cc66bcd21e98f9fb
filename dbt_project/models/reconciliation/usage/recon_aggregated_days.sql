{{ config(materialized='view') }}

with

usage_daily as (
    select * from {{ ref('int_usage__daily') }}
),

-- A day on which only copies of counted events came has no usage.
final as (
    select
        account_id,
        meter_code,
        usage_on,
        event_count,
        quantity_sum,
        cast(0 as bigint) as late_count,
        'aggregate of ' || account_id || ', ' || meter_code || ', ' || {{ date_text('usage_on') }} as evidence
    from usage_daily
    where event_count > 0
)

select * from final
