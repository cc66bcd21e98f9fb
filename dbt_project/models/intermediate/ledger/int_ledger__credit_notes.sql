with

stripe_notes as (
    select * from {{ ref('stg_stripe__credit_notes') }}
    where not is_deleted
),

refunds as (
    select * from {{ ref('int_cash__refunds') }}
),

transactions as (
    select * from {{ ref('int_cash__balance_transactions') }}
),

erp_memos as (
    select * from {{ ref('stg_erp__transactions') }}
    where transaction_type = 'CustCred' and not is_deleted
),

erp_lines as (
    select * from {{ ref('stg_erp__transaction_lines') }}
    where applied_to_transaction_id is not null and not is_deleted
),

erp_invoices as (
    select * from {{ ref('int_ledger__invoices') }}
    where billing_system = 'erp'
),

-- What is credited after payment goes back as a refund where there is one, else to the customer's balance.
of_stripe as (
    select
        'stripe' as billing_system,
        stripe_notes.credit_note_id,
        stripe_notes.invoice_id,
        coalesce(stripe_notes.effective_at, stripe_notes.created_at) as issued_at,
        stripe_notes.voided_at,
        stripe_notes.currency,
        coalesce(stripe_notes.total_minor, stripe_notes.amount_minor, 0) as amount_minor,
        coalesce(stripe_notes.post_payment_minor, 0) as paid_out_minor,
        coalesce(-refunds.amount_minor, 0) as refund_minor,
        coalesce(transactions.fee_minor, 0) as fee_minor,
        stripe_notes.refund_id
    from stripe_notes
    left join refunds on stripe_notes.refund_id = refunds.payment_id and refunds.status <> 'failed'
    left join transactions on refunds.balance_transaction_id = transactions.balance_transaction_id
),

of_erp as (
    select
        'erp' as billing_system,
        erp_memos.transaction_id || '|' || erp_lines.transaction_line_id as credit_note_id,
        erp_lines.applied_to_transaction_id as invoice_id,
        {{ start_of_utc_day('erp_memos.transaction_on') }} as issued_at,
        cast(null as timestamp with time zone) as voided_at,
        erp_lines.currency,
        erp_lines.applied_minor as amount_minor,
        cast(0 as bigint) as paid_out_minor,
        cast(0 as bigint) as refund_minor,
        cast(0 as bigint) as fee_minor,
        cast(null as text) as refund_id
    from erp_lines
    inner join erp_memos on erp_lines.transaction_id = erp_memos.transaction_id
    inner join erp_invoices on erp_lines.applied_to_transaction_id = erp_invoices.invoice_id
    where erp_memos.status is distinct from 'V'
),

notes as (
    select * from of_stripe
    union all
    select * from of_erp
),

final as (
    select
        billing_system,
        credit_note_id,
        invoice_id,
        issued_at,
        {{ utc_date('issued_at') }} as issued_on,
        voided_at,
        {{ utc_date('voided_at') }} as voided_on,
        currency,
        amount_minor,
        least(refund_minor, amount_minor) as refund_minor,
        greatest(paid_out_minor - refund_minor, 0) as to_balance_minor,
        cast(0 as bigint) as out_of_band_minor,
        fee_minor,
        refund_id
    from notes
)

select * from final
