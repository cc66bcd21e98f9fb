{{ config(materialized='view') }}

with

credit_notes as (
    select * from {{ ref('stg_stripe__credit_notes') }}
    where not is_deleted and status <> 'void'
),

refunds as (
    select * from {{ ref('stg_stripe__refunds') }}
    where not is_deleted
),

loads as (
    select * from {{ ref('stg_ops__loads') }}
),

-- What a note gives back of money that was paid: by a refund, or to the customer's balance, where it needs none.
given_back as (
    select
        credit_notes.*,
        coalesce(
            {{ utc_date('credit_notes.effective_at') }},
            {{ utc_date('credit_notes.created_at') }},
            credit_notes.delivered_on
        ) as issued_on,
        case
            when credit_notes.customer_balance_transaction_id is null
                then coalesce(credit_notes.post_payment_minor, 0) - coalesce(credit_notes.out_of_band_minor, 0)
            else coalesce(refunds.amount_minor, 0)
        end as returned_minor
    from credit_notes
    left join refunds on credit_notes.refund_id = refunds.refund_id
),

final as (
    select
        coalesce(given_back.refund_id, 'note|' || given_back.credit_note_id) as tracking_key,
        given_back.credit_note_id as row_id,
        cast(null as text) as account_id,
        given_back.currency,
        given_back.returned_minor as amount_minor,
        cast(null as numeric) as quantity,
        given_back.issued_on as business_on,
        given_back.issued_on as due_on,
        'credit note ' || given_back.credit_note_id
        || coalesce(' (' || {{ file_line('loads', 'given_back.line_no') }} || ')', '') as evidence,
        given_back.invoice_id,
        1 as note_count
    from given_back
    left join loads on given_back.load_id = loads.load_id
    where given_back.returned_minor <> 0 or given_back.refund_id is not null
)

select * from final
