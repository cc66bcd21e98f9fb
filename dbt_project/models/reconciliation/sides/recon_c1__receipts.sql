{{ config(materialized='view') }}

with

receipts as (
    select * from {{ ref('int_cash__receipts') }}
),

matches as (
    select * from {{ ref('int_cash__recorded_receipt_matches') }}
),

invoice_matches as (
    select distinct bank_line_key from {{ ref('int_cash__receipt_invoice_matches') }}
),

payments as (
    select * from {{ ref('int_cash__recorded_receipts') }}
),

applied_lines as (
    select * from {{ ref('stg_erp__transaction_lines') }}
    where applied_to_transaction_id is not null and not is_deleted
),

families as (
    select * from {{ ref('int_customers__families') }}
),

invoices as (
    select
        invoices.invoice_id,
        invoices.currency,
        families.family_id as party,
        {{ words_of('invoices.invoice_number') }} as reference
    from {{ ref('int_billing__erp_invoices') }} as invoices
    inner join families on invoices.account_id = families.account_id
    where invoices.invoice_number is not null and invoices.is_billed
),

named_invoices as (
    select
        matches.bank_line_key,
        invoices.invoice_id
    from matches
    inner join receipts on matches.bank_line_key = receipts.bank_line_key
    inner join payments on matches.transaction_id = payments.transaction_id
    inner join invoices
        on
            payments.party = invoices.party
            and receipts.currency = invoices.currency
            and {{ names('receipts.words', 'invoices.reference') }}
),

-- The payer named an invoice of its own, and the money went to others alone.
misnamed as (
    select matches.bank_line_key
    from matches
    inner join named_invoices on matches.bank_line_key = named_invoices.bank_line_key
    left join applied_lines
        on
            matches.transaction_id = applied_lines.transaction_id
            and named_invoices.invoice_id = applied_lines.applied_to_transaction_id
    group by matches.bank_line_key
    having count(applied_lines.transaction_line_key) = 0
),

-- One receipt may be several payments: each takes its part of it.
parts as (
    select
        receipts.bank_line_key,
        matches.transaction_id,
        coalesce(matches.used_minor, receipts.amount_minor) as amount_minor
    from receipts
    left join matches on receipts.bank_line_key = matches.bank_line_key
),

final as (
    select
        coalesce('payment|' || parts.transaction_id, receipts.bank_line_key) as tracking_key,
        receipts.bank_line_key || coalesce('|' || parts.transaction_id, '') as row_id,
        payments.account_id,
        receipts.currency,
        parts.amount_minor,
        cast(null as numeric) as quantity,
        receipts.booking_on as business_on,
        {{ add_days('receipts.booking_on', 5) }} as due_on,
        'entry ' || receipts.bank_line_key || coalesce(' (' || receipts.file_line || ')', '') as evidence,
        receipts.words as bank_words,
        case when receipts.party is not null or invoice_matches.bank_line_key is not null then 1 else 0 end
            as known_count,
        case when misnamed.bank_line_key is not null then 1 else 0 end as misnamed_count
    from parts
    inner join receipts on parts.bank_line_key = receipts.bank_line_key
    left join payments on parts.transaction_id = payments.transaction_id
    left join invoice_matches on parts.bank_line_key = invoice_matches.bank_line_key
    left join misnamed on parts.bank_line_key = misnamed.bank_line_key
)

select * from final
