with

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

erp_currencies as (
    select * from {{ ref('stg_erp__currencies') }}
    where not is_deleted
),

records as (
    select
        'stripe' as system,
        customer_id as record_id,
        tax_id,
        email_domain as domain,
        currency
    from stripe_customers
    union all
    select
        'crm' as system,
        crm_account_id as record_id,
        cast(null as text) as tax_id,
        {{ domain_of('website') }} as domain,
        cast(null as text) as currency
    from crm_accounts
    union all
    select
        'erp' as system,
        erp_customers.customer_id as record_id,
        erp_customers.tax_id,
        erp_customers.email_domain as domain,
        erp_currencies.currency
    from erp_customers
    left join erp_currencies on erp_customers.currency_id = erp_currencies.currency_id
),

linked as (
    select
        crosswalk.account_id,
        crosswalk.created_at,
        records.*
    from crosswalk
    inner join records
        on
            (records.system = 'stripe' and crosswalk.stripe_customer_id = records.record_id)
            or (records.system = 'crm' and crosswalk.crm_account_id = records.record_id)
            or (records.system = 'erp' and crosswalk.erp_customer_id = records.record_id)
),

stated as (
    select
        account_id,
        created_at,
        system,
        record_id,
        'tax id' as attribute,
        tax_id as stated
    from linked
    union all
    select
        account_id,
        created_at,
        system,
        record_id,
        'domain' as attribute,
        domain as stated
    from linked
    union all
    select
        account_id,
        created_at,
        system,
        record_id,
        'currency' as attribute,
        currency as stated
    from linked
),

-- A domain that records of several accounts have is that of a mail provider or of a group, and tells nobody.
shared_domains as (
    select stated
    from stated
    where attribute = 'domain' and stated is not null
    group by stated
    having min(account_id) <> max(account_id)
),

first_stated as (
    select
        stated.*,
        first_value(stated.stated) over (
            partition by stated.account_id, stated.attribute order by stated.system, stated.record_id
        ) as reference
    from stated
    left join shared_domains on stated.attribute = 'domain' and stated.stated = shared_domains.stated
    where stated.stated is not null and shared_domains.stated is null
),

final as (
    select
        account_id,
        attribute,
        system,
        record_id,
        stated,
        stated = reference as is_agreed,
        {{ utc_date('created_at') }} as created_on
    from first_stated
)

select * from final
