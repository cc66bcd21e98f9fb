{{ config(materialized='view') }}

with

rolled as (
    select * from {{ ref('recon_c5__rolled') }}
),

final as (
    select
        summary_key as tracking_key,
        summary_key as row_id,
        cast(null as text) as account_id,
        currency,
        closing_minor as amount_minor,
        cast(null as numeric) as quantity,
        {{ add_days('end_on', -1) }} as business_on,
        {{ add_days('end_on', -1) }} as due_on,
        'balance summary ' || summary_key || coalesce(' (' || file_line || ')', '') as evidence
    from rolled
    where closing_minor is not null
)

select * from final
