{{ config(indexes=[{'columns': ['account_id'], 'unique': true}]) }}

with

customers as (
    select * from {{ ref('int_customers__crosswalk') }}
),

final as (
    select
        account_id,
        stripe_customer_id,
        crm_account_id,
        erp_customer_id,
        segment,
        country,
        timezone,
        status,
        plan_code,
        created_at
    from customers
)

select * from final
