{{ config(materialized='view') }}

with

transactions as (
    select * from {{ ref('int_cash__balance_transactions') }}
),

disputes as (
    select
        dispute_id as object_id,
        currency
    from {{ ref('stg_stripe__disputes') }}
    where not is_deleted and status in ('won', 'lost', 'needs_response', 'under_review')
),

failed_refunds as (
    select
        refund_id as object_id,
        currency
    from {{ ref('stg_stripe__refunds') }}
    where not is_deleted and status = 'failed'
),

objects as (
    select * from disputes
    union all
    select * from failed_refunds
),

final as (
    select
        objects.object_id as tracking_key,
        transactions.balance_transaction_id as row_id,
        cast(null as text) as account_id,
        transactions.currency,
        transactions.amount_minor,
        cast(null as numeric) as quantity,
        coalesce({{ utc_date('transactions.created_at') }}, transactions.available_on) as business_on,
        coalesce({{ utc_date('transactions.created_at') }}, transactions.available_on) as due_on,
        'balance transaction ' || transactions.balance_transaction_id
        || coalesce(' (' || transactions.file_line || ')', '') as evidence,
        cast(null as text) as state
    from transactions
    inner join objects on transactions.source_id = objects.object_id
)

select * from final
