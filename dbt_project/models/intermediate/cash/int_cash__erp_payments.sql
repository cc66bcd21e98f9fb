{{ config(materialized='view') }}

with

transactions as (
    select * from {{ ref('stg_erp__transactions') }}
    where not is_deleted and transaction_type = 'CustPymt'
),

lines as (
    select * from {{ ref('stg_erp__transaction_lines') }}
    where not is_deleted and applied_to_transaction_id is not null
),

invoices as (
    select * from {{ ref('int_billing__invoices') }}
    where billing_system = 'erp'
),

-- Only the ERP's own invoices: what is mirrored from the processor is paid there.
final as (
    select
        lines.transaction_id || '|' || lines.transaction_line_id as payment_id,
        'erp' as billing_system,
        'payment' as kind,
        invoices.invoice_id,
        invoices.account_id,
        transactions.customer_id,
        lines.currency,
        lines.applied_minor as amount_minor,
        {{ start_of_utc_day('transactions.transaction_on') }} as paid_at,
        case transactions.status when 'V' then 'voided' else 'succeeded' end as status,
        cast(null as text) as charge_id,
        cast(null as text) as balance_transaction_id
    from lines
    inner join transactions on lines.transaction_id = transactions.transaction_id
    inner join invoices on lines.applied_to_transaction_id = invoices.invoice_id
)

select * from final
