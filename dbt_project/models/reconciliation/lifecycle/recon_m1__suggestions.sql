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
        upper(country) as country,
        tax_id,
        email_domain as domain
    from stripe_customers
    union all
    select
        'crm|' || crm_account_id as tracking_key,
        'crm' as system,
        lower(name) as name,
        upper(billing_country) as country,
        cast(null as text) as tax_id,
        {{ domain_of('website') }} as domain
    from crm_accounts
    union all
    select
        'erp|' || coalesce(external_id, customer_id) as tracking_key,
        'erp' as system,
        lower(company_name) as name,
        cast(null as text) as country,
        tax_id,
        email_domain as domain
    from erp_customers
),

unlinked as (
    select records.*
    from records
    inner join results on records.tracking_key = results.tracking_key
),

-- What the systems that an account is linked to know of it.
known as (
    select distinct
        crosswalk.account_id,
        crosswalk.stripe_customer_id,
        crosswalk.crm_account_id,
        crosswalk.erp_customer_id,
        records.name,
        records.tax_id,
        records.domain,
        upper(crosswalk.country) as country
    from crosswalk
    inner join records
        on records.tracking_key in (
            'stripe|' || crosswalk.stripe_customer_id, 'crm|' || crosswalk.crm_account_id,
            'erp|' || coalesce(crosswalk.crm_account_id, crosswalk.stripe_customer_id)
        )
),

compared as (
    select
        unlinked.tracking_key,
        known.account_id,
        max(case when unlinked.tax_id = known.tax_id then 1 else 0 end) as same_tax_id,
        max(case when unlinked.domain = known.domain then 1 else 0 end) as same_domain,
        max(case when unlinked.name = known.name then 1 else 0 end) as same_name,
        max(case when unlinked.country = known.country then 1 else 0 end) as same_country,
        max(
            case
                when
                    (unlinked.system = 'stripe' and known.stripe_customer_id is null)
                    or (unlinked.system = 'crm' and known.crm_account_id is null)
                    or (unlinked.system = 'erp' and known.erp_customer_id is null)
                    then 1
                else 0
            end
        ) as lacks_link
    from unlinked
    inner join known
        on unlinked.tax_id = known.tax_id or unlinked.domain = known.domain or unlinked.name = known.name
    group by unlinked.tracking_key, known.account_id
),

-- Rules in their order: the tax id, then the domain, then name with country or a link that is free. What an earlier
-- rule says weighs more than all later ones; none is applied.
ruled as (
    select
        compared.*,
        16 * same_tax_id + 8 * same_domain + 4 * same_name + 2 * same_country + lacks_link as score,
        case
            when same_tax_id = 1 then 'tax id'
            when same_domain = 1 then 'domain'
            when same_country = 1 or lacks_link = 1 then 'name'
        end as rule
    from compared
),

final as (
    select
        tracking_key,
        account_id,
        score,
        rule,
        {% set reasons = {
            'same_tax_id': 'same tax id', 'same_domain': 'same domain', 'same_name': 'same name',
            'same_country': 'same country', 'lacks_link': 'the account has no such link yet',
        } -%}
        substr(
            {%- for column, words in reasons.items() %}
            case when {{ column }} = 1 then ', {{ words }}' else '' end{{ ' ||' if not loop.last else ', 3' }}
            {%- endfor %}
        ) as reasons,
        count(*) over (partition by tracking_key) as candidate_count,
        count(*) over (partition by tracking_key, rule) as solution_count
    from ruled
    where rule is not null
)

select * from final
