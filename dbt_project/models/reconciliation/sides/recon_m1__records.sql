with

stripe_customers as (
    select * from {{ ref('stg_stripe__customers') }}
),

crm_accounts as (
    select * from {{ ref('stg_crm__accounts') }}
),

orders as (
    select
        crm_account_id,
        count(*) as order_count
    from {{ ref('stg_crm__orders') }}
    where not is_deleted
    group by crm_account_id
),

erp_customers as (
    select * from {{ ref('stg_erp__customers') }}
),

loads as (
    select * from {{ ref('stg_ops__loads') }}
),

-- A customer of Stripe and of the ERP is billed there; an account of the CRM is a customer once it ordered.
records as (
    select
        'stripe' as system,
        customer_id as system_id,
        customer_id as record_id,
        account_id as stated_account,
        {{ utc_date('created_at') }} as created_on,
        1 as order_count,
        is_deleted,
        load_id,
        line_no
    from stripe_customers
    union all
    select
        'crm' as system,
        crm_accounts.crm_account_id as system_id,
        crm_accounts.crm_account_id as record_id,
        cast(null as text) as stated_account,
        {{ utc_date('crm_accounts.created_at') }} as created_on,
        coalesce(orders.order_count, 0) as order_count,
        crm_accounts.is_deleted,
        crm_accounts.load_id,
        crm_accounts.line_no
    from crm_accounts
    left join orders on crm_accounts.crm_account_id = orders.crm_account_id
    union all
    select
        'erp' as system,
        coalesce(external_id, customer_id) as system_id,
        customer_id as record_id,
        cast(null as text) as stated_account,
        {{ utc_date('updated_at') }} as created_on,
        1 as order_count,
        is_deleted,
        load_id,
        line_no
    from erp_customers
),

final as (
    select
        records.system || '|' || records.system_id as tracking_key,
        records.system || '|' || records.record_id as row_id,
        cast(null as text) as account_id,
        cast(null as text) as currency,
        cast(null as bigint) as amount_minor,
        cast(null as numeric) as quantity,
        coalesce(records.created_on, loads.delivered_on) as business_on,
        coalesce(records.created_on, loads.delivered_on) as due_on,
        records.system || ' ' || records.record_id
        || coalesce(' (' || {{ file_line('loads', 'records.line_no') }} || ')', '') as evidence,
        records.stated_account,
        cast(null as text) as earlier_id,
        case when records.is_deleted then 1 else 0 end as gone_count,
        records.order_count,
        0 as undeclared_count
    from records
    left join loads on records.load_id = loads.load_id
)

select * from final
