with

invoices as (
    select
        ledger_invoice_id as invoice_id,
        billed_on,
        net_minor as net,
        tax_minor as tax,
        balance_applied_minor as balance_applied
    from {{ ref('int_ledger__invoices') }}
),

lines as (
    select
        ledger_invoice_id as invoice_id,
        ledger_line_id as line_id,
        line_no,
        billed_on,
        net_minor as amount,
        tax_minor as tax,
        dated_on,
        is_accrued_in_own_month as accrues_in_own_month
    from {{ ref('int_ledger__lines') }}
),

pieces as (
    select * from {{ ref('int_ledger__plan_pieces') }}
),

events as (
    select
        event_id,
        ledger_invoice_id as invoice_id,
        event_type,
        event_on,
        event_no,
        amount_minor as amount,
        fee_minor as fee,
        refund_minor as refund,
        to_balance_minor as to_balance,
        out_of_band_minor as out_of_band,
        is_out_of_band,
        is_reinstated,
        reverses_event_id
    from {{ ref('int_ledger__events') }}
    where ledger_invoice_id is not null
),

final as (
    {{ subledger('lines', 'pieces', 'invoices', 'events') }}
)

select * from final
