with

accounts as (
    select * from {{ ref('stg_control_plane__accounts') }}
    where not is_deleted
),

versions as (
    select * from {{ ref('stg_control_plane__account_link_versions') }}
),

crm_accounts as (
    select * from {{ ref('stg_crm__accounts') }}
    where not is_deleted
),

loads as (
    select * from {{ ref('stg_ops__loads') }}
),

delivered as (
    select distinct system from loads
),

-- The ERP names its customers by the id that they have in the CRM or, without one, in Stripe.
named as (
    select
        accounts.*,
        'stripe' as system,
        accounts.stripe_customer_id as system_id
    from accounts
    union all
    select
        accounts.*,
        'crm' as system,
        accounts.crm_account_id as system_id
    from accounts
    union all
    select
        accounts.*,
        'erp' as system,
        coalesce(accounts.crm_account_id, accounts.stripe_customer_id) as system_id
    from accounts
),

-- Who belongs together is declared in the CRM: a parent and its children may share a customer of another system.
families as (
    select
        named.account_id,
        named.system,
        named.system_id,
        coalesce(crm_accounts.parent_account_id, named.crm_account_id, named.account_id) as family
    from named
    left join crm_accounts on named.crm_account_id = crm_accounts.crm_account_id
),

undeclared as (
    select
        system,
        system_id
    from families
    group by system, system_id
    having min(family) <> max(family)
),

before as (
    select
        named.account_id,
        named.system,
        min(versions.system_id) as earlier_id
    from named
    inner join versions
        on
            named.account_id = versions.account_id
            and named.system = versions.system
            and named.system_id <> versions.system_id
    group by named.account_id, named.system
),

final as (
    select
        named.system || '|' || named.system_id as tracking_key,
        named.account_id || '|' || named.system as row_id,
        named.account_id,
        cast(null as text) as currency,
        cast(null as bigint) as amount_minor,
        cast(null as numeric) as quantity,
        {{ utc_date('named.created_at') }} as business_on,
        {{ utc_date('named.created_at') }} as due_on,
        'account ' || named.account_id
        || coalesce(' (' || {{ file_line('loads', 'named.line_no') }} || ')', '') as evidence,
        named.account_id as stated_account,
        before.earlier_id,
        0 as gone_count,
        0 as order_count,
        case when undeclared.system_id is not null or named.system <> 'stripe' then 1 else 0 end as undeclared_count
    from named
    inner join delivered on named.system = delivered.system
    left join undeclared on named.system = undeclared.system and named.system_id = undeclared.system_id
    left join before on named.account_id = before.account_id and named.system = before.system
    left join loads on named.load_id = loads.load_id
    where named.system_id is not null
)

select * from final
