{{ config(materialized='view') }}

with

records as (
    select * from {{ ref('stg_ops__quarantined_records') }}
),

superseded as (
    select * from {{ ref('int_quarantine__superseded') }}
),

event_values as (
    select * from {{ ref('int_quarantine__event_values') }}
),

documents as (
    select * from {{ ref('stg_ops__quarantined_documents') }}
    where amount_minor is not null
),

final as (
    select
        records.load_id,
        records.line_no,
        records.system,
        records.object,
        records.delivered_on,
        records.reason,
        records.record_id,
        case when superseded.load_id is null then 'open' else 'superseded' end as state,
        superseded.superseded_by_load_seq,
        coalesce(documents.currency, event_values.currency) as currency,
        coalesce(documents.amount_minor, event_values.estimated_minor) as estimated_minor,
        case
            when documents.load_id is not null then 'amount of the record'
            else coalesce(event_values.method, 'unknown')
        end as method,
        records.known_at
    from records
    left join superseded on records.load_id = superseded.load_id and records.line_no = superseded.line_no
    left join event_values on records.load_id = event_values.load_id and records.line_no = event_values.line_no
    left join documents on records.load_id = documents.load_id and records.line_no = documents.line_no
)

select * from final
