{#-
    Events that change what an invoice earns, in their order, for the invoices that have any: refunds, disputes and their end,
    credit notes and their void, voids, write-offs, terminations, and the payments between them.

    events: relation or name of a CTE, one row an event, with
        event_id, invoice_id, event_type
        event_on date             an event happens at the start of its day
        event_no                  order of the events of one day
        amount                    minor units; null where the type has none
        refund, to_balance, out_of_band     what a credit note pays out; 0 where it does not
        is_reinstated boolean     whether a won dispute puts back what was taken
        reverses_event_id         the dispute or credit note that is ended; null = the last one that is still open

    Gives one row an event: its columns, step (from 1 in an invoice), paid_out, and of the event it puts back: returns_step,
    target_amount, target_refund, target_to_balance, target_out_of_band; is_returned: a later event puts this one back;
    cut_on: the day before which plans are earned where the event changes them, else the end of time.
-#}
{% macro invoice_steps(events) -%}
    {%- set types = "('refund', 'dispute', 'dispute_won', 'void', 'uncollectible', 'credit_note', 'credit_note_void', "
        ~ "'terminate')" -%}
    with counted as (
        select
            events.*,
            coalesce(events.refund, 0) + coalesce(events.to_balance, 0) + coalesce(events.out_of_band, 0) as paid_out,
            row_number() over (
                partition by events.invoice_id order by events.event_on, events.event_no, events.event_id
            ) as step,
            case
                when events.event_type in ('dispute', 'dispute_won', 'dispute_lost') then 'dispute'
                when events.event_type in ('credit_note', 'credit_note_void') then 'credit_note'
            end as family,
            case
                when events.event_type in ('dispute', 'credit_note') then 1
                when events.event_type in ('dispute_won', 'dispute_lost', 'credit_note_void') then -1
                else 0
            end as opens
        from {{ events }} as events
        where exists (
            select 1
            from {{ events }} as reducing
            where reducing.invoice_id = events.invoice_id and reducing.event_type in {{ types }}
        )
    ),

    nested as (
        select
            counted.*,
            sum(opens) over (partition by invoice_id, family order by step) as open_after
        from counted
    ),

    -- An end without a name ends the last one that is still open, as brackets close.
    ended as (
        select
            ending.invoice_id,
            ending.step,
            max(opening.step) as returns_step
        from nested as ending
        inner join nested as opening
            on
                ending.invoice_id = opening.invoice_id
                and ending.family = opening.family
                and ending.step > opening.step
                and opening.opens = 1
                and case
                    when ending.reverses_event_id is null then ending.open_after + 1 = opening.open_after
                    else ending.reverses_event_id = opening.event_id
                end
        where
            ending.event_type = 'credit_note_void'
            or (ending.event_type = 'dispute_won' and ending.is_reinstated)
        group by ending.invoice_id, ending.step
    )

    select
        counted.*,
        ended.returns_step,
        targets.amount as target_amount,
        targets.refund as target_refund,
        targets.to_balance as target_to_balance,
        targets.out_of_band as target_out_of_band,
        targets.paid_out as target_paid_out,
        case
            when
                counted.event_type in ('refund', 'dispute', 'void', 'uncollectible', 'credit_note', 'terminate')
                or ended.returns_step is not null
                then counted.event_on
            else cast('9999-12-31' as date)
        end as cut_on,
        exists (
            select 1 from ended as later
            where later.invoice_id = counted.invoice_id and later.returns_step = counted.step
        ) as is_returned
    from counted
    left join ended on counted.invoice_id = ended.invoice_id and counted.step = ended.step
    left join counted as targets on ended.invoice_id = targets.invoice_id and ended.returns_step = targets.step
{%- endmacro %}
