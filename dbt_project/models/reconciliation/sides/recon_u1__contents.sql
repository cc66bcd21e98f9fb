{{ config(materialized='view') }}

with

files as (
    select * from {{ ref('recon_u1__event_files') }}
    where place = 1
),

final as (
    select
        content_key as tracking_key,
        content_key as row_id,
        cast(null as text) as account_id,
        cast(null as text) as currency,
        cast(null as bigint) as amount_minor,
        cast(rows_in as numeric) as quantity,
        delivered_on as business_on,
        delivered_on as due_on,
        'content ' || content_sha256 as evidence
    from files
)

select * from final
