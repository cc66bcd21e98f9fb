{#-
    The entries of a subledger: billing, revenue, payments and all that takes something out of an invoice again. What each event
    books is said in docs/ledger.md.

    lines: relation or name of a CTE, one row an invoice line, or an item or usage that is not billed yet, with
        invoice_id text                 null while it is not billed
        line_id text                    identity over all invoices
        line_no                         from 1 in its invoice
        billed_on date                  day of the invoice; null while it is not billed
        amount, tax bigint              minor units, without tax and the tax
        dated_on date                   from when the line is known: of its invoice, or of the item before
        accrues_in_own_month boolean    accruals stand in the months of service even before dated_on
    pieces: their plan, as plan_pieces gives it
    invoices: one row an invoice: invoice_id, billed_on, net, tax, balance_applied
    events: what happens to invoices after they are billed, as invoice_steps takes them, with
        fee bigint                      that the processor takes for it; null = none
        is_out_of_band boolean          paid outside the processor

    Gives rows of entries (see entries.sql). They balance by source, rule and month; an event's by event.
-#}
{% macro subledger(lines, pieces, invoices, events) -%}
    with steps as {{ once() }} (
        {{ invoice_steps(events) }}
    ),

    reduced_lines as {{ once() }} (
        select lines.*
        from {{ lines }} as lines
        where exists (select 1 from steps where steps.invoice_id = lines.invoice_id)
    ),

    states as {{ once() }} (
        {{ reduction_states(
            'steps',
            'reduced_lines',
            pieces,
            '(select invoice_id, greatest(net + tax, 0) - balance_applied as receivable from ' ~ invoices ~ ' as invoices)',
        ) }}
    ),

    pieces_in_the_end as (
        select
            pieces.line_id,
            pieces.from_on,
            pieces.until_on,
            pieces.amount,
            pieces.is_accrued
        from {{ pieces }} as pieces
        where not exists (select 1 from reduced_lines where reduced_lines.line_id = pieces.line_id)
        union all
        select
            states.line_id,
            states.from_on,
            states.until_on,
            cast(states.amount as bigint) as amount,
            states.is_accrued
        from states
        where states.role = 'piece' and states.step = states.steps
    )

    select * from (
        {{ invoice_entries(invoices, lines, pieces) }}
    ) as billed
    union all
    select * from (
        {{ revenue_entries('pieces_in_the_end', lines) }}
    ) as earned
    union all
    select * from (
        {{ payment_entries(
            "(select events.* from " ~ events ~ " as events where events.event_type = 'payment'"
            ~ " and not exists (select 1 from steps where steps.invoice_id = events.invoice_id))"
        ) }}
    ) as paid
    union all
    select * from (
        {{ fee_entries("(select * from " ~ events ~ " as events where event_type <> 'payment')") }}
    ) as fees
    union all
    select * from (
        {{ step_entries('states', 'steps') }}
    ) as stepped
{%- endmacro %}
