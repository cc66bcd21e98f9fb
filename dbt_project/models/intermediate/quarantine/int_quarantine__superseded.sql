{{ config(materialized='table', indexes=[{'columns': ['load_id', 'line_no'], 'unique': true}]) }}

with

records as (
    select * from {{ ref('stg_ops__quarantined_records') }}
    where record_id is not null
),

delivered_events as (
    select * from {{ ref('int_quarantine__delivered_events') }}
),

loads as (
    select * from {{ ref('stg_ops__loads') }}
),

later_events as (
    select
        records.load_id,
        records.line_no,
        loads.load_seq
    from records
    inner join delivered_events
        on
            records.load_id = delivered_events.quarantined_load_id
            and records.line_no = delivered_events.quarantined_line_no
    inner join loads on delivered_events.load_id = loads.load_id
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
