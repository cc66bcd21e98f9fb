{{ config(materialized='view') }}

with

results as (
    select * from {{ ref('recon_results') }}
    where control_id = 'M1' and status = 'open' and outcome = 'MISSING_LEFT'
),

crosswalk as (
    select * from {{ ref('int_customers__crosswalk') }}
),

stripe_customers as (
    select * from {{ ref('stg_stripe__customers') }}
    where not is_deleted
),

crm_accounts as (
    select * from {{ ref('stg_crm__accounts') }}
    where not is_deleted
),

erp_customers as (
    select * from {{ ref('stg_erp__customers') }}
    where not is_deleted
),

records as (
    select
        'stripe|' || customer_id as tracking_key,
        'stripe' as system,
        lower(name) as name,
        upper(country) as country
    from stripe_customers
    union all
    select
        'crm|' || crm_account_id as tracking_key,
        'crm' as system,
        lower(name) as name,
        upper(billing_country) as country
    from crm_accounts
    union all
    select
        'erp|' || coalesce(external_id, customer_id) as tracking_key,
        'erp' as system,
        lower(company_name) as name,
        cast(null as text) as country
    from erp_customers
),

unlinked as (
    select records.*
    from records
    inner join results on records.tracking_key = results.tracking_key
),

-- What the systems that an account is linked to call it.
known as (
    select distinct
        crosswalk.account_id,
        crosswalk.stripe_customer_id,
        crosswalk.crm_account_id,
        crosswalk.erp_customer_id,
        records.name,
        upper(crosswalk.country) as country
    from crosswalk
    inner join records
        on records.tracking_key in (
            'stripe|' || crosswalk.stripe_customer_id, 'crm|' || crosswalk.crm_account_id
        )
),

paired as (
    select
        unlinked.tracking_key,
        known.account_id,
        case when unlinked.name = known.name then 1 else 0 end as same_name,
        case when unlinked.country = known.country then 1 else 0 end as same_country,
        case
            when
                (unlinked.system = 'stripe' and known.stripe_customer_id is null)
                or (unlinked.system = 'crm' and known.crm_account_id is null)
                or (unlinked.system = 'erp' and known.erp_customer_id is null)
                then 1
            else 0
        end as lacks_link
    from unlinked
    inner join known on unlinked.name = known.name
),

final as (
    select
        tracking_key,
        account_id,
        same_name + same_country + lacks_link as score,
        'same name' || case when same_country = 1 then ', same country' else '' end
        || case when lacks_link = 1 then ', the account has no such link yet' else '' end as reasons,
        count(*) over (partition by tracking_key) as candidate_count
    from paired
    where same_name + same_country + lacks_link >= 2
)

select * from final
