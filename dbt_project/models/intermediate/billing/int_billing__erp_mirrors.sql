with

transactions as (
    select * from {{ ref('stg_erp__transactions') }}
    where transaction_type = 'CustInvc' and not is_deleted and substr(external_id, 1, 3) = 'in_'
),

line_totals as (
    select * from {{ ref('int_billing__erp_invoice_totals') }}
),

final as (
    select
        transactions.transaction_id,
        transactions.external_id as stripe_invoice_id,
        transactions.customer_id,
        transactions.status,
        transactions.transaction_on as invoice_on,
        transactions.currency,
        coalesce(line_totals.net_minor, 0) as net_minor,
        coalesce(line_totals.tax_minor, 0) as tax_minor,
        coalesce(transactions.total_minor, line_totals.net_minor + line_totals.tax_minor, 0) as total_minor,
        transactions.load_id,
        transactions.line_no
    from transactions
    left join line_totals on transactions.transaction_id = line_totals.transaction_id
)

select * from final
