{{ config(indexes=[{'columns': ['event_id', 'event_type'], 'unique': true}, {'columns': ['ledger_invoice_id']}]) }}

with

invoices as (
    select * from {{ ref('int_ledger__invoices') }}
),

movements as (
    select * from {{ ref('int_cash__payments') }}
),

transactions as (
    select * from {{ ref('int_cash__balance_transactions') }}
),

credit_notes as (
    select * from {{ ref('int_ledger__credit_notes') }}
),

policies as (
    select * from {{ ref('int_catalog__policies') }}
    where policy = 'dispute_won'
),

-- A charge that pays several invoices costs its fee once.
paid as (
    select
        movements.*,
        case
            when
                movements.balance_transaction_id is not null
                and row_number() over (
                    partition by movements.balance_transaction_id order by movements.payment_id
                ) = 1
                then transactions.fee_minor
            else 0
        end as fee_minor,
        transactions.source_id
    from movements
    left join transactions on movements.balance_transaction_id = transactions.balance_transaction_id
    where movements.status in ('succeeded', 'paid', 'pending', 'requires_action')
),

-- The refund that pays out a credit note is booked with it.
cash_events as (
    select
        paid.billing_system || '|' || paid.payment_id as event_id,
        case paid.kind
            when 'dispute_reversal' then 'dispute_won'
            else paid.kind
        end as event_type,
        paid.billing_system || '|' || paid.invoice_id as ledger_invoice_id,
        {{ utc_date('paid.paid_at') }} as event_on,
        paid.paid_at as event_at,
        paid.currency,
        abs(paid.amount_minor) as amount_minor,
        paid.fee_minor,
        cast(0 as bigint) as refund_minor,
        cast(0 as bigint) as to_balance_minor,
        cast(0 as bigint) as out_of_band_minor,
        case
            when paid.kind = 'dispute_reversal'
                then paid.billing_system || '|' || max(case when paid.kind = 'dispute' then paid.payment_id end) over (
                    partition by paid.source_id
                )
        end as reverses_event_id
    from paid
    left join credit_notes on paid.payment_id = credit_notes.refund_id and paid.kind = 'refund'
    where credit_notes.refund_id is null and paid.amount_minor <> 0
),

credits as (
    select
        credit_notes.billing_system || '|' || credit_notes.credit_note_id as event_id,
        'credit_note' as event_type,
        credit_notes.billing_system || '|' || credit_notes.invoice_id as ledger_invoice_id,
        credit_notes.issued_on as event_on,
        credit_notes.issued_at as event_at,
        credit_notes.currency,
        credit_notes.amount_minor,
        credit_notes.fee_minor,
        credit_notes.refund_minor,
        credit_notes.to_balance_minor,
        credit_notes.out_of_band_minor,
        cast(null as text) as reverses_event_id
    from credit_notes
    where credit_notes.amount_minor <> 0
),

credit_voids as (
    select
        credit_notes.billing_system || '|' || credit_notes.credit_note_id as event_id,
        'credit_note_void' as event_type,
        credit_notes.billing_system || '|' || credit_notes.invoice_id as ledger_invoice_id,
        credit_notes.voided_on as event_on,
        credit_notes.voided_at as event_at,
        credit_notes.currency,
        credit_notes.amount_minor,
        cast(0 as bigint) as fee_minor,
        cast(0 as bigint) as refund_minor,
        cast(0 as bigint) as to_balance_minor,
        cast(0 as bigint) as out_of_band_minor,
        credit_notes.billing_system || '|' || credit_notes.credit_note_id as reverses_event_id
    from credit_notes
    where credit_notes.amount_minor <> 0 and credit_notes.voided_on is not null
),

ends as (
    select * from {{ ref('int_ledger__invoice_ends') }}
),

invoice_ends as (
    select
        ends.ledger_invoice_id as event_id,
        ends.event_type,
        ends.ledger_invoice_id,
        ends.event_on,
        ends.event_at,
        invoices.currency,
        cast(0 as bigint) as amount_minor,
        cast(0 as bigint) as fee_minor,
        cast(0 as bigint) as refund_minor,
        cast(0 as bigint) as to_balance_minor,
        cast(0 as bigint) as out_of_band_minor,
        cast(null as text) as reverses_event_id
    from ends
    inner join invoices on ends.ledger_invoice_id = invoices.ledger_invoice_id
),

happened as (
    select * from cash_events
    union all
    select * from credits
    union all
    select * from credit_voids
    union all
    select * from invoice_ends
),

-- Nothing happens to an invoice before it is there.
final as (
    select
        happened.event_id,
        happened.event_type,
        invoices.ledger_invoice_id,
        happened.ledger_invoice_id as named_invoice_id,
        greatest(happened.event_on, coalesce(invoices.billed_on, happened.event_on)) as event_on,
        row_number() over (
            order by
                happened.event_at,
                case happened.event_type when 'payment' then 0 when 'credit_note_void' then 2 else 1 end,
                happened.event_id
        ) as event_no,
        happened.currency,
        happened.amount_minor,
        happened.fee_minor,
        happened.refund_minor,
        happened.to_balance_minor,
        happened.out_of_band_minor,
        false as is_out_of_band,
        coalesce(policies.value = 'reinstate', false) as is_reinstated,
        happened.reverses_event_id
    from happened
    left join invoices on happened.ledger_invoice_id = invoices.ledger_invoice_id
    left join policies
        on
            happened.event_on >= policies.valid_from
            and (policies.valid_to is null or happened.event_on < policies.valid_to)
)

select * from final
