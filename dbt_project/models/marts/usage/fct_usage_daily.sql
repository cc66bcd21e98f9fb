{#- A view: int_usage__daily has the unique index on the grain, and a copy of it would grow with the history. -#}
{{ config(materialized='view') }}

with

usage_daily as (
    select * from {{ ref('int_usage__daily') }}
),

final as (
    select
        account_id,
        meter_code,
        usage_on,
        timezone,
        aggregation,
        quantity,
        event_count,
        measured_count,
        duplicate_count,
        conflict_count,
        first_event_at,
        last_event_at
    from usage_daily
)

select * from final
