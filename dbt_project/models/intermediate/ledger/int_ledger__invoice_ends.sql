with

invoices as (
    select * from {{ ref('int_ledger__invoices') }}
),

stripe_invoices as (
    select * from {{ ref('stg_stripe__invoices') }}
    where not is_deleted
),

erp_transactions as (
    select * from {{ ref('stg_erp__transactions') }}
    where transaction_type = 'CustInvc' and not is_deleted
),

voided as (
    select
        invoices.ledger_invoice_id,
        'void' as event_type,
        coalesce(
            stripe_invoices.voided_at,
            erp_transactions.updated_at,
            {{ start_of_utc_day('invoices.billed_on') }}
        ) as event_at
    from invoices
    left join stripe_invoices
        on invoices.billing_system = 'stripe' and invoices.invoice_id = stripe_invoices.invoice_id
    left join erp_transactions
        on invoices.billing_system = 'erp' and invoices.invoice_id = erp_transactions.transaction_id
    where invoices.status = 'void'
),

written_off as (
    select
        invoices.ledger_invoice_id,
        'uncollectible' as event_type,
        stripe_invoices.marked_uncollectible_at as event_at
    from invoices
    inner join stripe_invoices
        on invoices.billing_system = 'stripe' and invoices.invoice_id = stripe_invoices.invoice_id
    where stripe_invoices.marked_uncollectible_at is not null
),

ended as (
    select * from voided
    union all
    select * from written_off
),

final as (
    select
        ledger_invoice_id,
        event_type,
        {{ utc_date('event_at') }} as event_on,
        event_at
    from ended
)

select * from final
