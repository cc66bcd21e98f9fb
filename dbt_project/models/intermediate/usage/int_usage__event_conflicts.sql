{{ config(materialized='view') }}

with

repeats as (
    select * from {{ ref('int_usage__event_repeats') }}
    where is_conflict
),

final as (
    select
        source,
        event_id,
        copy_no,
        occurred_on,
        event_type,
        account_id,
        occurred_at,
        quantity,
        counted_quantity,
        load_id,
        line_no,
        delivered_on
    from repeats
)

select * from final
