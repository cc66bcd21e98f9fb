with

contracts as (
    select * from {{ ref('stg_crm__contracts') }}
    where not is_deleted
),

customers as (
    select * from {{ ref('int_customers__crosswalk') }}
    where crm_account_id is not null
),

contract_currencies as (
    select
        subscription_id,
        min(currency) as currency
    from {{ ref('int_billing__assisted_item_versions') }}
    group by subscription_id
),

final as (
    select
        'erp' as billing_system,
        contracts.contract_id as subscription_id,
        customers.account_id,
        customers.erp_customer_id as customer_id,
        contract_currencies.currency,
        contracts.status,
        {{ start_of_utc_day('contracts.start_on') }} as started_at,
        {{ start_of_utc_day('contracts.start_on') }} as anchor_at,
        cast(null as timestamp with time zone) as trial_end_at,
        {{ start_of_utc_day('contracts.end_on') }} as ended_at
    from contracts
    inner join contract_currencies on contracts.contract_id = contract_currencies.subscription_id
    left join customers on contracts.crm_account_id = customers.crm_account_id
)

select * from final
