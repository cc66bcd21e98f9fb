{{ config(materialized='view') }}

with

files as (
    select * from {{ ref('recon_u1__event_files') }}
),

final as (
    select
        content_key as tracking_key,
        load_key as row_id,
        cast(null as text) as account_id,
        cast(null as text) as currency,
        cast(null as bigint) as amount_minor,
        cast(rows_in as numeric) as quantity,
        first_delivered_on as business_on,
        delivered_on as due_on,
        'file ' || load_key as evidence
    from files
)

select * from final
