{{ config(indexes=[{'columns': ['account_id'], 'unique': true}]) }}

with

customers as (
    select * from {{ ref('int_customers__crosswalk') }}
),

crm_accounts as (
    select * from {{ ref('stg_crm__accounts') }}
    where not is_deleted
),

-- A parent in the CRM and its children are one family; deeper trees are taken by their direct parents.
final as (
    select
        customers.account_id,
        customers.erp_customer_id,
        customers.stripe_customer_id,
        coalesce(crm_accounts.parent_account_id, customers.crm_account_id, customers.account_id) as family_id
    from customers
    left join crm_accounts on customers.crm_account_id = crm_accounts.crm_account_id
)

select * from final
