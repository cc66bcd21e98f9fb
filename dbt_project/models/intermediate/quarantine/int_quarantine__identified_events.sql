{{ config(materialized='view') }}

with

records as (
    select * from {{ ref('stg_ops__quarantined_records') }}
    where system = 'usage' and object = 'events'
),

events as (
    select * from {{ ref('stg_ops__quarantined_events') }}
),

final as (
    select
        records.load_id,
        records.line_no,
        events.source,
        events.event_id,
        records.load_seq,
        events.occurred_on
    from records
    inner join events on records.load_id = events.load_id and records.line_no = events.line_no
    where events.source is not null and events.event_id is not null and events.occurred_on is not null
)

select * from final
