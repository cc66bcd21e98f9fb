{{ config(materialized='table', indexes=[{'columns': ['event_type'], 'unique': true}]) }}

with

meters as (
    select * from {{ ref('stg_catalog__meters') }}
    where not is_deleted and event_type is not null
),

-- Two meters may name one event type by mistake: the first by code measures it, so that no event counts twice.
ranked as (
    select
        meters.*,
        row_number() over (partition by event_type order by meter_code) as claim_no
    from meters
),

final as (
    select
        event_type,
        meter_code,
        coalesce(aggregation, 'sum') as aggregation
    from ranked
    where claim_no = 1
)

select * from final
