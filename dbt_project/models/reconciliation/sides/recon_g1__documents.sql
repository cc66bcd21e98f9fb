{{ config(materialized='view') }}

with

transactions as (
    select * from {{ ref('stg_erp__transactions') }}
    where
        not is_deleted
        and (
            (transaction_type = 'CustInvc' and status in ('A', 'B'))
            or (transaction_type in ('CustPymt', 'CustCred', 'CustRfnd') and status is distinct from 'V')
        )
),

posting_delivered as (
    select min(delivered_on) as first_on from {{ ref('stg_erp__transaction_accounting_lines') }}
),

periods as (
    select * from {{ ref('stg_erp__accounting_periods') }}
    where is_closed
),

customers as (
    select * from {{ ref('int_customers__crosswalk') }}
    where erp_customer_id is not null
),

loads as (
    select * from {{ ref('stg_ops__loads') }}
),

-- An invoice adds to what customers owe, payments and credit memos take from it, and a refund uses a credit up. Where
-- no posting was ever delivered there is nothing to compare.
final as (
    select
        transactions.transaction_id as tracking_key,
        transactions.transaction_id as row_id,
        customers.account_id,
        transactions.currency,
        case when transactions.transaction_type in ('CustInvc', 'CustRfnd') then 1 else -1 end
        * case
            when transactions.transaction_type = 'CustInvc' then transactions.total_minor
            else abs(transactions.total_minor)
        end as amount_minor,
        cast(null as numeric) as quantity,
        transactions.transaction_on as business_on,
        transactions.transaction_on as due_on,
        transactions.transaction_type || ' ' || transactions.transaction_id
        || coalesce(' (' || {{ file_line('loads', 'transactions.line_no') }} || ')', '') as evidence,
        transactions.transaction_type,
        case when transactions.is_posting then 0 else 1 end as unposted_count,
        case when transactions.created_at > periods.updated_at then 1 else 0 end as backdated_count
    from transactions
    inner join posting_delivered on posting_delivered.first_on is not null
    left join customers on transactions.customer_id = customers.erp_customer_id
    left join periods on transactions.accounting_period_id = periods.accounting_period_id
    left join loads on transactions.load_id = loads.load_id
    where transactions.total_minor <> 0
)

select * from final
