{{ config(materialized='table', indexes=[{'columns': ['load_id', 'line_no'], 'unique': true}]) }}

{%- set days = quarantined_usage_days() %}

with

records as (
    select * from {{ ref('stg_ops__quarantined_records') }}
    where record_id is not null
),

quarantined_events as (
    select * from {{ ref('stg_ops__quarantined_events') }}
),

events as (
    select * from {{ ref('stg_usage__events') }}
    where occurred_on in ({{ literal_dates(days) }})
),

later_events as (
    select
        records.load_id,
        records.line_no,
        events.load_seq
    from records
    inner join quarantined_events
        on records.load_id = quarantined_events.load_id and records.line_no = quarantined_events.line_no
    inner join events
        on
            quarantined_events.source = events.source
            and quarantined_events.event_id = events.event_id
            and quarantined_events.occurred_on = events.occurred_on
            and records.load_seq < events.load_seq
    where records.system = 'usage' and records.object = 'events'
),

later_documents as (
    {{ later_deliveries() }}
),

later as (
    select * from later_events
    union all
    select * from later_documents
),

final as (
    select
        load_id,
        line_no,
        min(load_seq) as superseded_by_load_seq
    from later
    group by load_id, line_no
)

select * from final
