with

transactions as (
    select * from {{ ref('stg_erp__transactions') }}
    where transaction_type = 'CustInvc' and not is_deleted and coalesce(substr(external_id, 1, 3), '') <> 'in_'
),

line_totals as (
    select * from {{ ref('int_billing__erp_invoice_totals') }}
),

credits as (
    select * from {{ ref('int_billing__erp_applied_credits') }}
),

customers as (
    select * from {{ ref('int_customers__crosswalk') }}
    where erp_customer_id is not null
),

final as (
    select
        'erp' as billing_system,
        transactions.transaction_id as invoice_id,
        transactions.transaction_number as invoice_number,
        customers.account_id,
        transactions.customer_id,
        cast(null as text) as subscription_id,
        case transactions.status
            when 'A' then 'open'
            when 'B' then 'paid'
            when 'V' then 'void'
            else 'draft'
        end as status,
        transactions.transaction_on as invoice_on,
        coalesce(transactions.due_on, transactions.transaction_on) as due_on,
        transactions.currency,
        coalesce(line_totals.net_minor, 0) as subtotal_minor,
        cast(0 as bigint) as discount_minor,
        coalesce(line_totals.tax_minor, 0) as tax_minor,
        coalesce(transactions.total_minor, line_totals.net_minor + line_totals.tax_minor, 0) as total_minor,
        coalesce(credits.applied_minor, 0) as credited_minor,
        cast(0 as bigint) as balance_applied_minor,
        transactions.status in ('A', 'B') as is_billed,
        transactions.load_id,
        transactions.line_no
    from transactions
    left join line_totals on transactions.transaction_id = line_totals.transaction_id
    left join credits on transactions.transaction_id = credits.invoice_id
    left join customers on transactions.customer_id = customers.erp_customer_id
)

select * from final
