with

functional_lines as (
    select * from {{ ref('int_ledger__functional_lines') }}
),

functional_events as (
    select * from {{ ref('int_ledger__functional_events') }}
),

invoices as (
    select * from {{ ref('int_ledger__invoices') }}
),

found as (
    select
        ledger_invoice_id,
        ledger_line_id,
        rate_on,
        currency,
        functional_currency
    from functional_lines
    where functional_net_minor is null
    union all
    select
        functional_events.invoice_id as ledger_invoice_id,
        cast(null as text) as ledger_line_id,
        functional_events.event_on as rate_on,
        invoices.currency,
        cast(null as text) as functional_currency
    from functional_events
    inner join invoices on functional_events.invoice_id = invoices.ledger_invoice_id
    where
        functional_events.settled_minor is null
        and functional_events.event_type in ('payment', 'refund', 'dispute', 'dispute_won', 'credit_note')
),

final as (
    select distinct
        ledger_invoice_id,
        case when ledger_invoice_id is null then ledger_line_id end as ledger_line_id,
        rate_on,
        currency
    from found
)

select * from final
