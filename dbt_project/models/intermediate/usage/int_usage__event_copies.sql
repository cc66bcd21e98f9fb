{{ config(materialized='view') }}

with

events as (
    select * from {{ ref('stg_usage__events') }}
),

repeats as (
    select * from {{ ref('int_usage__event_repeats') }}
),

loads as (
    select * from {{ ref('stg_ops__loads') }}
),

final as (
    select
        events.occurred_on,
        events.source,
        events.event_id,
        coalesce(repeats.copy_no, 1) as copy_no,
        case
            when coalesce(repeats.copy_no, 1) = 1 then 'counts'
            when repeats.is_conflict then 'conflict'
            else 'repetition'
        end as fate,
        events.event_type,
        events.account_id,
        events.occurred_at,
        {{ recorded_instant('events.recorded_at', 'events.delivered_on') }} as recorded_at,
        events.quantity,
        coalesce(repeats.counted_quantity, events.quantity) as counted_quantity,
        {{ file_line('loads', 'events.line_no') }} as file_line,
        events.load_id,
        events.load_seq,
        events.line_no,
        events.delivered_on
    from events
    inner join loads on events.load_id = loads.load_id
    left join repeats
        on
            events.occurred_on = repeats.occurred_on
            and events.load_id = repeats.load_id
            and events.line_no = repeats.line_no
)

select * from final
