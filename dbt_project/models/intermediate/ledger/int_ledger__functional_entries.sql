with

functional_lines as (
    select * from {{ ref('int_ledger__functional_lines') }}
),

unconverted as (
    select * from {{ ref('int_ledger__unconverted') }}
),

all_lines as (
    select * from {{ ref('int_ledger__lines') }}
),

all_invoices as (
    select * from {{ ref('int_ledger__invoices') }}
),

functional_events as (
    select * from {{ ref('int_ledger__functional_events') }}
),

all_pieces as (
    select * from {{ ref('int_ledger__functional_pieces') }}
),

converted_lines as (
    select functional_lines.*
    from functional_lines
    where not exists (
        select 1 from unconverted
        where
            functional_lines.ledger_invoice_id = unconverted.ledger_invoice_id
            or functional_lines.ledger_line_id = unconverted.ledger_line_id
    )
),

lines as {{ once() }} (
    select
        converted_lines.ledger_invoice_id as invoice_id,
        converted_lines.ledger_line_id as line_id,
        all_lines.line_no,
        all_lines.billed_on,
        converted_lines.functional_net_minor as amount,
        converted_lines.functional_tax_minor as tax,
        all_lines.dated_on,
        all_lines.is_accrued_in_own_month as accrues_in_own_month
    from converted_lines
    inner join all_lines on converted_lines.ledger_line_id = all_lines.ledger_line_id
),

rated_invoices as (
    select
        all_invoices.ledger_invoice_id,
        all_invoices.billed_on,
        all_invoices.balance_applied_minor,
        converted_lines.rate_numerator,
        converted_lines.rate_denominator,
        converted_lines.exponent,
        converted_lines.functional_exponent,
        sum(converted_lines.functional_net_minor) as net_minor,
        sum(converted_lines.functional_tax_minor) as tax_minor,
        sum(converted_lines.net_minor + converted_lines.tax_minor) as total_minor
    from converted_lines
    inner join all_invoices on converted_lines.ledger_invoice_id = all_invoices.ledger_invoice_id
    group by
        all_invoices.ledger_invoice_id, all_invoices.billed_on, all_invoices.balance_applied_minor,
        converted_lines.rate_numerator, converted_lines.rate_denominator, converted_lines.exponent,
        converted_lines.functional_exponent
),

-- An invoice that credit pays in full is paid in full in both currencies.
invoices as {{ once() }} (
    select
        ledger_invoice_id as invoice_id,
        billed_on,
        cast(net_minor as bigint) as net,
        cast(tax_minor as bigint) as tax,
        cast(
            case
                when balance_applied_minor = total_minor then net_minor + tax_minor
                else {{ functional_minor('balance_applied_minor') }}
            end as bigint
        ) as balance_applied
    from rated_invoices
),

pieces as (
    select all_pieces.*
    from all_pieces
    inner join lines on all_pieces.line_id = lines.line_id
),

events as {{ once() }} (
    select
        functional_events.event_id,
        functional_events.invoice_id,
        functional_events.event_type,
        functional_events.event_on,
        functional_events.event_no,
        functional_events.functional_minor as amount,
        functional_events.functional_fee_minor as fee,
        functional_events.functional_refund_minor as refund,
        functional_events.functional_to_balance_minor as to_balance,
        functional_events.functional_out_of_band_minor as out_of_band,
        functional_events.is_out_of_band,
        functional_events.is_reinstated,
        functional_events.reverses_event_id
    from functional_events
    inner join invoices on functional_events.invoice_id = invoices.invoice_id
),

entries as (
    {{ subledger('lines', 'pieces', 'invoices', 'events') }}
),

cash_moves as (
    select
        functional_events.event_id || '|' || functional_events.event_type as event_id,
        functional_events.event_on as booked_on,
        functional_events.event_type in ('payment', 'dispute_won') as is_received,
        case
            when functional_events.event_type = 'credit_note' then functional_events.functional_refund_minor
            else functional_events.functional_minor
        end as functional_minor,
        case
            when functional_events.event_type = 'credit_note' then functional_events.settled_refund_minor
            else functional_events.settled_minor
        end as settled_minor
    from functional_events
    inner join invoices on functional_events.invoice_id = invoices.invoice_id
    where
        functional_events.event_type in ('payment', 'refund', 'dispute', 'dispute_won', 'credit_note')
        and not functional_events.is_out_of_band
),

realised as (
    {{ realised_fx('cash_moves') }}
),

final as (
    select
        source_id,
        rule,
        booked_on,
        invoice_id,
        line_id,
        account,
        cast(amount as bigint) as amount
    from entries
    union all
    select
        functional_events.event_id as source_id,
        'fx_realised' as rule,
        realised.booked_on,
        functional_events.invoice_id,
        cast(null as text) as line_id,
        realised.account,
        cast(realised.amount as bigint) as amount
    from realised
    inner join functional_events
        on realised.event_id = functional_events.event_id || '|' || functional_events.event_type
)

select * from final
