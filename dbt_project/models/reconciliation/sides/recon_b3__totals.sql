{{ config(materialized='view') }}

with

invoices as (
    select * from {{ ref('int_billing__invoices') }}
    where is_billed
),

-- The ERP prints its total as the main line of the transaction.
main_lines as (
    select
        transaction_id,
        -sum(amount_minor) as total_minor
    from {{ ref('stg_erp__transaction_lines') }}
    where is_main_line and not is_deleted
    group by transaction_id
),

loads as (
    select * from {{ ref('stg_ops__loads') }}
),

final as (
    select
        invoices.billing_system || '|' || invoices.invoice_id as tracking_key,
        invoices.billing_system || '|' || invoices.invoice_id as row_id,
        invoices.account_id,
        invoices.currency,
        cast(
            case
                when invoices.billing_system = 'erp' then coalesce(main_lines.total_minor, invoices.total_minor)
                else invoices.total_minor
            end as bigint
        ) as amount_minor,
        cast(null as numeric) as quantity,
        coalesce(invoices.invoice_on, loads.delivered_on) as business_on,
        coalesce(invoices.invoice_on, loads.delivered_on) as due_on,
        'invoice ' || invoices.invoice_id
        || coalesce(' (' || {{ file_line('loads', 'invoices.line_no') }} || ')', '') as evidence,
        invoices.discount_minor,
        invoices.tax_minor,
        -- What is owed to the customer is a credit memo, or goes to the customer's balance; an invoice is neither.
        case
            when
                invoices.total_minor < 0
                and invoices.balance_applied_minor <> invoices.total_minor
                and invoices.credited_minor = 0
                then 1
            else 0
        end as negative_count
    from invoices
    left join main_lines on invoices.billing_system = 'erp' and invoices.invoice_id = main_lines.transaction_id
    left join loads on invoices.load_id = loads.load_id
)

select * from final
