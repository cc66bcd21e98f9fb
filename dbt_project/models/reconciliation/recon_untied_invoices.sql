{{ config(materialized='view') }}

with

breaks as (
    select * from {{ ref('recon_breaks') }}
    where status = 'open' and control_id in ('C1', 'C3', 'C4')
),

payments as (
    select * from {{ ref('int_cash__payments') }}
    where kind = 'payment' and invoice_id is not null
),

members as (
    select * from {{ ref('int_cash__payout_members') }}
),

deposits as (
    select * from {{ ref('int_cash__deposit_groups') }}
    where side = 'payout'
),

unpaid as (
    select
        tracking_key as invoice_key,
        control_id
    from breaks
    where control_id = 'C1'
),

transactions as (
    select
        payments.billing_system || '|' || payments.invoice_id as invoice_key,
        breaks.control_id
    from payments
    inner join breaks on payments.balance_transaction_id = breaks.tracking_key
),

payouts as (
    select
        payments.billing_system || '|' || payments.invoice_id as invoice_key,
        breaks.control_id
    from payments
    inner join members on payments.balance_transaction_id = members.balance_transaction_id
    left join deposits on members.payout_id = deposits.row_id
    inner join breaks on coalesce(deposits.group_key, members.payout_id) = breaks.tracking_key
),

-- Invoices whose money does not tie out: not paid as due, or paid by money that did not reach the bank as it should.
final as (
    select * from unpaid
    union
    select * from transactions
    union
    select * from payouts
)

select * from final
