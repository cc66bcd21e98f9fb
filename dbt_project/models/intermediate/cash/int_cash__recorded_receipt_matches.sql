{{ config(indexes=[{'columns': ['bank_line_key', 'transaction_id'], 'unique': true}]) }}

with

receipts as (
    select
        bank_line_key as receipt_id,
        currency,
        amount_minor,
        booking_on as received_on,
        words,
        party
    from {{ ref('int_cash__receipts') }}
),

payments as (
    select * from {{ ref('int_cash__recorded_receipts') }}
),

applied_lines as (
    select * from {{ ref('stg_erp__transaction_lines') }}
    where applied_to_transaction_id is not null and not is_deleted
),

invoices as (
    select * from {{ ref('int_billing__erp_invoices') }}
),

-- A payment is written down some days after the bank booked it, or a little before.
items as (
    select
        transaction_id as item_id,
        currency,
        amount_minor,
        {{ add_days('transaction_on', -20) }} as from_on,
        {{ add_days('transaction_on', 10) }} as until_on,
        party
    from payments
),

naming as (
    select
        transaction_id as item_id,
        {{ words_of('memo') }} as reference
    from payments
    where memo is not null
    union
    select
        payments.transaction_id as item_id,
        {{ words_of('invoices.invoice_number') }} as reference
    from payments
    inner join applied_lines on payments.transaction_id = applied_lines.transaction_id
    inner join invoices on applied_lines.applied_to_transaction_id = invoices.invoice_id
    where invoices.invoice_number is not null
),

matched as (
    {{ matched_receipts('receipts', 'items', 'naming') }}
),

final as (
    select
        receipt_id as bank_line_key,
        item_id as transaction_id,
        match_rule,
        used_minor,
        solution_count
    from matched
)

select * from final
