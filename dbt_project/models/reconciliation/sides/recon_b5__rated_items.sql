{{ config(materialized='view') }}

with

charges as (
    select * from {{ ref('int_rating__charges') }}
),

final as (
    select
        billing_system || '|' || subscription_item_id as tracking_key,
        charge_id as row_id,
        account_id,
        cast(null as text) as currency,
        cast(null as bigint) as amount_minor,
        cast(null as numeric) as quantity,
        {{ utc_date('period_start') }} as business_on,
        {{ utc_date('period_start') }} as due_on,
        'charge ' || charge_id as evidence
    from charges
)

select * from final
