{{ config(materialized='view') }}

with

loads as (
    select * from {{ ref('stg_ops__loads') }}
    where system = 'usage' and object = 'events' and rows_in > 0
),

-- A content is known by the file that brought it first.
final as (
    select
        {{ load_key('loads') }} as load_key,
        first_value({{ load_key('loads') }}) over by_content as content_key,
        first_value(delivered_on) over by_content as first_delivered_on,
        row_number() over by_content as place,
        cast(content_sha256 as text) as content_sha256,
        delivered_on,
        rows_in
    from loads
    window by_content as (partition by content_sha256 order by load_seq)
)

select * from final
