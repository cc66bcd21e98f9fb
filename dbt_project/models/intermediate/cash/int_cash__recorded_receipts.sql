{{ config(indexes=[{'columns': ['transaction_id'], 'unique': true}]) }}

with

transactions as (
    select * from {{ ref('stg_erp__transactions') }}
    where
        transaction_type = 'CustPymt'
        and not is_deleted
        and status is distinct from 'V'
        and coalesce(substr(external_id, 1, 3), '') not in ('pi_', 'ch_', 'py_')
),

applied_lines as (
    select * from {{ ref('stg_erp__transaction_lines') }}
    where applied_to_transaction_id is not null and not is_deleted
),

families as (
    select * from {{ ref('int_customers__families') }}
),

loads as (
    select * from {{ ref('stg_ops__loads') }}
),

applied as (
    select
        transaction_id,
        sum(applied_minor) as applied_minor
    from applied_lines
    group by transaction_id
),

-- Payments that the processor collected are mirrored by its ids: they never reach the bank one by one.
final as (
    select
        transactions.transaction_id,
        transactions.transaction_number,
        transactions.memo,
        transactions.customer_id,
        families.account_id,
        coalesce(families.family_id, 'erp|' || transactions.customer_id) as party,
        transactions.currency,
        cast(abs(coalesce(transactions.total_minor, applied.applied_minor)) as bigint) as amount_minor,
        cast(coalesce(applied.applied_minor, 0) as bigint) as applied_minor,
        transactions.transaction_on,
        {{ file_line('loads', 'transactions.line_no') }} as file_line
    from transactions
    left join applied on transactions.transaction_id = applied.transaction_id
    left join families on transactions.customer_id = families.erp_customer_id
    left join loads on transactions.load_id = loads.load_id
)

select * from final
