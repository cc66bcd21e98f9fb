{{ config(materialized='view') }}

with

mappings as (
    select * from {{ source('ledger', 'account_mappings') }}
),

ranked as (
    select
        mappings.*,
        row_number() over (partition by entity, account, valid_from order by revision desc) as rank_in_month
    from mappings
),

final as (
    select
        entity,
        account,
        valid_from,
        lead(valid_from) over (partition by entity, account order by valid_from) as valid_to,
        gl_account,
        gl_name
    from ranked
    where rank_in_month = 1
)

select * from final
