with

events as (
    select * from {{ ref('int_ledger__events') }}
),

functional_lines as (
    select * from {{ ref('int_ledger__functional_lines') }}
    where ledger_invoice_id is not null
),

rates as (
    select * from {{ ref('int_fx__daily_rates') }}
    where status <> 'missing'
),

foreign_invoices as (
    select
        ledger_invoice_id as invoice_id,
        currency,
        functional_currency,
        rate_numerator,
        rate_denominator,
        exponent,
        functional_exponent,
        sum(net_minor + tax_minor) as total_minor,
        sum(functional_net_minor + functional_tax_minor) as functional_total_minor
    from functional_lines
    group by
        ledger_invoice_id, currency, functional_currency, rate_numerator, rate_denominator, exponent,
        functional_exponent
),

happened as (
    select
        events.event_id,
        events.event_type,
        events.ledger_invoice_id as invoice_id,
        events.event_on,
        events.event_no,
        case
            when events.event_type = 'payment' then 'payment'
            when events.event_type in ('refund', 'dispute', 'credit_note') then 'reduction'
            else events.event_type || '|' || events.event_id
        end as event_family,
        cast(events.amount_minor as numeric) as amount,
        events.fee_minor,
        events.refund_minor,
        events.to_balance_minor,
        events.out_of_band_minor,
        events.is_out_of_band,
        events.is_reinstated,
        events.reverses_event_id,
        rates.rate_numerator,
        rates.rate_denominator
    from events
    inner join foreign_invoices on events.ledger_invoice_id = foreign_invoices.invoice_id
    left join rates
        on
            events.event_on = rates.rate_on
            and foreign_invoices.currency = rates.from_currency
            and foreign_invoices.functional_currency = rates.to_currency
),

converted as (
    {{ functional_events('foreign_invoices', 'happened') }}
),

-- What an event puts back whole is what the other one took.
paired as (
    select
        converted.*,
        case
            when targets.amount = converted.amount then targets.functional_minor
            else converted.functional_minor
        end as paired_minor
    from converted
    left join converted as targets
        on
            converted.reverses_event_id = targets.event_id
            and targets.event_type in ('dispute', 'credit_note')
            and converted.event_type in ('dispute_won', 'credit_note_void')
),

parted as (
    select
        paired.*,
        case
            when refund_minor = amount then paired_minor
            else {{ functional_minor('refund_minor', 'invoice_rate_numerator', 'invoice_rate_denominator') }}
        end as functional_refund,
        {{ functional_minor('refund_minor') }} as settled_refund,
        {{ functional_minor('fee_minor') }} as functional_fee,
        {{ functional_minor('to_balance_minor', 'invoice_rate_numerator', 'invoice_rate_denominator') }}
            as rounded_to_balance,
        {{ functional_minor('out_of_band_minor', 'invoice_rate_numerator', 'invoice_rate_denominator') }}
            as functional_out_of_band
    from paired
),

-- What is paid out whole in its currency is paid out whole in that of the books.
final as (
    select
        event_id,
        event_type,
        invoice_id,
        event_on,
        event_no,
        cast(paired_minor as bigint) as functional_minor,
        cast(settled_minor as bigint) as settled_minor,
        cast(functional_fee as bigint) as functional_fee_minor,
        cast(functional_refund as bigint) as functional_refund_minor,
        cast(settled_refund as bigint) as settled_refund_minor,
        cast(
            case
                when to_balance_minor > 0 and refund_minor + to_balance_minor + out_of_band_minor = amount
                    then paired_minor - functional_refund - functional_out_of_band
                else rounded_to_balance
            end as bigint
        ) as functional_to_balance_minor,
        cast(functional_out_of_band as bigint) as functional_out_of_band_minor,
        is_out_of_band,
        is_reinstated,
        reverses_event_id
    from parted
)

select * from final
