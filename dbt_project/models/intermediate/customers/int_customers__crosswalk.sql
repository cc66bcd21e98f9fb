with

accounts as (
    select * from {{ ref('stg_control_plane__accounts') }}
    where not is_deleted
),

erp_customers as (
    select * from {{ ref('int_customers__erp_customer_links') }}
),

final as (
    select
        accounts.account_id,
        accounts.stripe_customer_id,
        accounts.crm_account_id,
        erp_customers.erp_customer_id,
        case when accounts.crm_account_id is null then 'self_service' else 'sales_assisted' end as segment,
        accounts.country,
        accounts.timezone,
        accounts.status,
        accounts.plan_code,
        accounts.created_at
    from accounts
    left join erp_customers
        on coalesce(accounts.crm_account_id, accounts.stripe_customer_id) = erp_customers.origin_id
)

select * from final
