{{ config(materialized='view') }}

with

identities as (
    select * from {{ ref('recon_m1__identities') }}
),

final as (
    select
        account_id || '|' || attribute as tracking_key,
        account_id || '|' || attribute || '|' || system || '|' || record_id as row_id,
        account_id,
        cast(null as text) as currency,
        cast(null as bigint) as amount_minor,
        cast(1 as numeric) as quantity,
        created_on as business_on,
        created_on as due_on,
        system || ' ' || record_id as evidence,
        attribute
    from identities
)

select * from final
