{{ config(materialized='view') }}

with

periods as (
    select * from {{ ref('recon_closing__periods') }}
),

lines as (
    select * from {{ source('ledger', 'journal_lines') }}
    where account = 'accounts_receivable'
),

invoices as (
    select * from {{ ref('int_billing__invoices') }}
),

buckets as (
    select * from {{ ref('ageing_buckets') }}
),

customers as (
    select * from {{ ref('int_customers__crosswalk') }}
),

stripe_customers as (
    select * from {{ ref('stg_stripe__customers') }}
),

erp_customers as (
    select * from {{ ref('stg_erp__customers') }}
),

balances as (
    select
        periods.entity,
        periods.period,
        lines.source_system,
        coalesce(lines.invoice_id, '') as invoice_id,
        max(lines.customer_id) as customer_id,
        lines.currency,
        lines.functional_currency,
        sum(lines.amount_minor) as open_minor,
        sum(lines.functional_minor) as functional_open_minor
    from periods
    inner join lines on periods.entity = lines.entity and periods.period >= lines.posted_period
    group by
        periods.entity, periods.period, lines.source_system, coalesce(lines.invoice_id, ''), lines.currency,
        lines.functional_currency
    having sum(lines.amount_minor) <> 0 or sum(lines.functional_minor) <> 0
),

aged as (
    {{ aged_receivables('balances', 'invoices', 'buckets') }}
),

by_customer as (
    select
        entity,
        period,
        customer_id,
        currency,
        functional_currency,
        bucket,
        bucket_name,
        cast(sum(open_minor) as bigint) as open_minor,
        cast(sum(functional_open_minor) as bigint) as functional_open_minor,
        count(*) as invoice_count
    from aged
    group by entity, period, customer_id, currency, functional_currency, bucket, bucket_name
),

final as (
    select
        by_customer.*,
        coalesce(erp_customers.company_name, stripe_customers.name) as customer_name
    from by_customer
    left join customers on by_customer.customer_id = customers.account_id
    left join erp_customers on customers.erp_customer_id = erp_customers.customer_id
    left join stripe_customers on customers.stripe_customer_id = stripe_customers.customer_id
)

select * from final
