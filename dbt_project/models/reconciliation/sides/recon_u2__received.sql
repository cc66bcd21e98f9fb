{{ config(materialized='view') }}

with

loads as (
    select * from {{ ref('stg_ops__loads') }}
),

final as (
    select
        {{ load_key('loads') }} as tracking_key,
        {{ load_key('loads') }} as row_id,
        cast(null as text) as account_id,
        cast(null as text) as currency,
        cast(null as bigint) as amount_minor,
        cast(rows_in as numeric) as quantity,
        delivered_on as business_on,
        delivered_on as due_on,
        'load ' || cast(load_id as text) as evidence,
        0 as duplicate_count,
        0 as unrated_count,
        0 as aged_count
    from loads
)

select * from final
