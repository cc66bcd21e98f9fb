{{ config(indexes=[{'columns': ['bank_line_key', 'invoice_key'], 'unique': true}]) }}

with

recorded as (
    select distinct bank_line_key from {{ ref('int_cash__recorded_receipt_matches') }}
),

receipts as (
    select
        receipts.bank_line_key as receipt_id,
        receipts.currency,
        receipts.amount_minor,
        receipts.booking_on as received_on,
        receipts.words,
        receipts.party
    from {{ ref('int_cash__receipts') }} as receipts
    left join recorded on receipts.bank_line_key = recorded.bank_line_key
    where recorded.bank_line_key is null
),

receivables as (
    select * from {{ ref('int_cash__receivables') }}
),

-- An invoice is paid after it was written; nobody waits for a year.
items as (
    select
        invoice_key as item_id,
        currency,
        amount_minor,
        invoice_on as from_on,
        {{ add_days('invoice_on', 365) }} as until_on,
        party
    from receivables
),

naming as (
    select
        invoice_key as item_id,
        {{ words_of('invoice_number') }} as reference
    from receivables
    where invoice_number is not null
),

matched as (
    {{ matched_receipts('receipts', 'items', 'naming') }}
),

final as (
    select
        receipt_id as bank_line_key,
        item_id as invoice_key,
        match_rule,
        used_minor,
        solution_count
    from matched
)

select * from final
