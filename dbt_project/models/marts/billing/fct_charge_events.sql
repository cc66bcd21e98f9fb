{{ config(materialized='view') }}

with

charges as (
    select * from {{ ref('fct_rated_charges') }}
    where line_kind = 'usage'
),

events as (
    select * from {{ ref('int_rating__metered_events') }}
),

loads as (
    select * from {{ ref('stg_ops__loads') }}
),

final as (
    select
        charges.charge_id,
        events.source,
        events.event_id,
        events.occurred_on,
        events.usage_on,
        events.occurred_at,
        events.recorded_at,
        events.event_type,
        events.account_id,
        events.meter_code,
        events.quantity,
        case
            when events.left_out_because is not null then 'left_out'
            when not events.is_known_in_time then 'late'
            when events.is_initial then 'carried_over'
            else 'charged'
        end as counts_as,
        events.left_out_because,
        {{ file_line('loads', 'events.line_no') }} as file_line,
        events.load_id,
        events.line_no
    from charges
    inner join events
        on
            charges.subscription_item_id = events.subscription_item_id
            and charges.period_start = events.period_start
    inner join loads on events.load_id = loads.load_id
)

select * from final
