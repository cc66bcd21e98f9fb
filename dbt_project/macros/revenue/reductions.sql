{#- What an event puts back of an amount that an earlier event took: all of it, or in proportion to the money. -#}
{% macro share_put_back(amount) -%}
    (case
        when returned_amount = target_amount then {{ amount }}
        else {{ half_even('(' ~ amount ~ ') * returned_amount', 'nullif(target_amount, 0)') }}
    end)
{%- endmacro %}


{#-
    Invoices out of which events take something, event by event: the k-th round of the recursion applies the k-th event of every
    invoice at once. docs/ledger.md gives the rules.

    steps: as invoice_steps gives them
    lines: one row an invoice line: invoice_id, line_id, line_no (from 1 in the invoice), tax
    pieces: the plan of those lines: line_id, from_on, until_on, amount, is_accrued
    receivables: one row an invoice: invoice_id, receivable (what is open of it once it is booked, before any event)

    Gives the state after every event. A row is, by `role`,
        line        one an invoice line: contra (taken of the earned part so far), what this event took and put back
                    (taken_contra, taken_deferred, returned_contra, returned_deferred), and on every row of the invoice what
                    the event did to it as a whole
        piece       earned over [from_on, until_on), or at once where both are one day: amount
        held        what an event took, kept for the event that puts it back (held_line: of a line's earned part)

    An invoice's state before its first event is step 0; the plan that holds is the pieces of its last step.
-#}
{% macro reduction_states(steps, lines, pieces, receivables) -%}
    {%- set event_columns = [
        'event_id', 'event_type', 'event_on', 'event_amount', 'paid_out', 'target_amount', 'target_paid_out',
        'returned_amount'
    ] -%}
    {%- set row_columns = [
        'invoice_id', 'step', 'steps', 'line_id', 'line_no', 'from_on', 'until_on', 'is_primary', 'is_accrued', 'held_step'
    ] -%}
    {%- set held_columns = ['contra', 'held_tax', 'held_recoverables', 'held_beyond'] -%}
    {%- set invoice_columns = ['tax_left', 'receivable', 'bad_debt', 'recoverables', 'is_written_off'] -%}
    {%- set drawn_columns = (row_columns + held_columns + invoice_columns + event_columns + ['kind', 'amount']) | join(', ') -%}
    {%- set outcome_columns = [
        'taken_contra', 'taken_deferred', 'returned_contra', 'returned_deferred', 'taken_tax', 'returned_tax',
        'contra_total', 'beyond', 'receivable_change', 'bad_debt_change', 'recoverables_change', 'customer_balance_change'
    ] -%}
    {%- set of_line = 'over (partition by line_id)' -%}
    {%- set of_invoice = 'over (partition by invoice_id)' -%}
    {%- set sum_columns = [
        'earned', 'unearned', 'net_left', 'is_putting_back', 'is_whole', 'share_of_amount', 'returned_contra',
        'returned_deferred', 'returned_net', 'returned_tax', 'returned_recoverables', 'returned_beyond'
    ] | join(', ') -%}
    {%- set before = earned_before('states.amount', 'states.from_on', 'states.until_on', 'steps.cut_on') -%}
    {#- Lines that are together below nothing (their tax is not) share what is taken of them as the negative of both. -#}
    {%- set sign_of_net = 'case when net_left < 0 then -1 else 1 end' -%}
    {%- set is_put_back = 'states.held_step is not distinct from steps.returns_step and states.held_step is not null' -%}
    with recursive documents as (
        select
            lines.invoice_id,
            lines.line_id,
            lines.line_no,
            counts.steps,
            cast(sum(lines.tax) over (partition by lines.invoice_id) as numeric) as tax_left,
            cast(receivables.receivable as numeric) as receivable
        from {{ lines }} as lines
        inner join (
            select
                invoice_id,
                count(*) as steps
            from {{ steps }} as steps
            group by invoice_id
        ) as counts on lines.invoice_id = counts.invoice_id
        inner join {{ receivables }} as receivables on lines.invoice_id = receivables.invoice_id
    ),

    planned as (
        select
            line_id,
            'line' as role,
            cast(null as date) as from_on,
            cast(null as date) as until_on,
            false as is_accrued,
            0 as amount
        from documents
        union all
        select
            line_id,
            'piece' as role,
            from_on,
            until_on,
            is_accrued,
            amount
        from {{ pieces }} as pieces
    ),

    states as (
        select
            documents.invoice_id,
            cast(0 as bigint) as step,
            documents.steps,
            documents.line_id,
            documents.line_no,
            planned.role,
            planned.from_on,
            planned.until_on,
            planned.role = 'piece' as is_primary,
            planned.is_accrued,
            cast(null as bigint) as held_step,
            cast(planned.amount as numeric) as amount,
            cast(0 as numeric) as contra,
            cast(0 as numeric) as held_tax,
            cast(0 as numeric) as held_recoverables,
            cast(0 as numeric) as held_beyond,
            documents.tax_left,
            documents.receivable,
            cast(0 as numeric) as bad_debt,
            cast(0 as numeric) as recoverables,
            false as is_written_off,
            cast(null as text) as event_id,
            {%- for column in outcome_columns %}
            cast(0 as numeric) as {{ column }},
            {%- endfor %}
            false as is_putting_back
        from documents
        inner join planned on documents.line_id = planned.line_id

        union all

        (
            with drawn as (
                select
                    states.invoice_id,
                    steps.step,
                    states.steps,
                    states.line_id,
                    states.line_no,
                    case
                        when sides.side = 'before' or states.role in ('line', 'held_line')
                            then states.from_on
                        else greatest(states.from_on, steps.cut_on)
                    end as from_on,
                    case
                        when states.role = 'piece' and sides.side = 'before'
                            then least(states.until_on, steps.cut_on)
                        else states.until_on
                    end as until_on,
                    states.is_primary,
                    states.is_accrued,
                    states.held_step,
                    states.contra,
                    states.held_tax,
                    states.held_recoverables,
                    states.held_beyond,
                    states.tax_left,
                    states.receivable,
                    states.bad_debt,
                    states.recoverables,
                    states.is_written_off,
                    steps.event_id,
                    steps.event_type,
                    steps.event_on,
                    cast(coalesce(steps.amount, 0) as numeric) as event_amount,
                    cast(steps.paid_out as numeric) as paid_out,
                    cast(steps.target_amount as numeric) as target_amount,
                    cast(steps.target_paid_out as numeric) as target_paid_out,
                    cast(
                        case
                            when steps.event_type = 'credit_note_void' then steps.target_amount
                            else least(steps.amount, steps.target_amount)
                        end as numeric
                    ) as returned_amount,
                    case
                        when states.role = 'line' and sides.side = 'after' then 'line'
                        when states.role = 'line' and steps.event_type = 'terminate' then 'ended'
                        when states.role = 'line' then 'hold'
                        when states.role = 'held_line' and {{ is_put_back }} then 'returned_line'
                        when states.role = 'held_line' then 'held_line'
                        when states.role = 'held' and not ({{ is_put_back }}) then 'held'
                        when states.role = 'held' and sides.side = 'before' then 'missed'
                        when states.role = 'held' then 'returned'
                        when sides.side = 'before' then 'earned'
                        when sides.side = 'after' then 'left'
                        else 'mirror'
                    end as kind,
                    case
                        when states.role in ('line', 'held_line') then 0
                        when states.role = 'held' and not ({{ is_put_back }}) then states.amount
                        when sides.side = 'before' then {{ before }}
                        else states.amount - {{ before }}
                    end as amount
                from states
                inner join {{ steps }} as steps
                    on states.invoice_id = steps.invoice_id and states.step + 1 = steps.step
                inner join (
                    select 'before' as side
                    union all
                    select 'after' as side
                    union all
                    select 'mirror' as side
                ) as sides
                    on case
                        when states.role = 'line'
                            then
                                sides.side = 'after'
                                or (
                                    sides.side = 'mirror'
                                    and (
                                        steps.event_type = 'terminate'
                                        or (
                                            steps.is_returned
                                            and not (
                                                steps.event_type = 'credit_note'
                                                and states.is_written_off
                                            )
                                        )
                                    )
                                )
                        when
                            states.role = 'held_line'
                            or (states.role = 'held' and not ({{ is_put_back }}))
                            then sides.side = 'before'
                        when sides.side = 'before'
                            then states.from_on < steps.cut_on or states.until_on <= steps.cut_on
                        when sides.side = 'after' then states.until_on > steps.cut_on
                        else
                            states.role = 'piece'
                            and states.until_on > steps.cut_on
                            and steps.is_returned
                            and not (
                                steps.event_type = 'credit_note' and states.is_written_off
                            )
                    end
            ),

            shares as (
                select
                    drawn.*,
                    case when kind in ('missed', 'returned') then {{ share_put_back('amount') }} else 0 end
                        as share_of_amount,
                    case when kind = 'returned_line' then {{ share_put_back('contra') }} else 0 end
                        as share_of_contra,
                    case when kind = 'returned_line' then {{ share_put_back('held_tax') }} else 0 end
                        as share_of_tax,
                    case when kind = 'returned_line' then {{ share_put_back('held_recoverables') }} else 0 end
                        as share_of_recoverables,
                    case when kind = 'returned_line' then {{ share_put_back('held_beyond') }} else 0 end
                        as share_of_beyond
                from drawn
            ),

            of_lines as (
                select
                    shares.*,
                    sum(
                        case when kind = 'earned' then amount when kind = 'line' then -contra else 0 end
                    ) {{ of_line }} as earned,
                    sum(case when kind = 'left' then amount else 0 end) {{ of_line }} as unearned,
                    sum(share_of_contra) {{ of_line }} as returned_contra,
                    sum(share_of_amount) {{ of_line }} as returned_deferred
                from shares
            ),

            of_invoices as (
                select
                    of_lines.*,
                    event_type in ('void', 'uncollectible') and not is_written_off as is_whole,
                    greatest(recoverables, 0) as recoverables_open,
                    case
                        when event_type not in ('refund', 'dispute', 'credit_note') then 0
                        when event_type = 'credit_note' and is_written_off then paid_out
                        else event_amount
                    end as to_take,
                    sum(case when kind = 'line' then earned + unearned else 0 end) {{ of_invoice }} as net_left,
                    sum(case when kind = 'line' then returned_contra + returned_deferred else 0 end) {{ of_invoice }}
                        as returned_net,
                    sum(share_of_tax) {{ of_invoice }} as returned_tax,
                    sum(share_of_recoverables) {{ of_invoice }} as returned_recoverables,
                    sum(share_of_beyond) {{ of_invoice }} as returned_beyond,
                    max(case when kind = 'returned_line' then 1 else 0 end) {{ of_invoice }} = 1 as is_putting_back
                from of_lines
            ),

            -- After a write-off recoverables come first.
            first_taken as (
                select
                    of_invoices.*,
                    case when is_written_off then least(to_take, recoverables_open) else 0 end as recoverables_first
                from of_invoices
            ),

            bounded as (
                select
                    first_taken.*,
                    least(to_take - recoverables_first, greatest(net_left + tax_left, 0)) as inside
                from first_taken
            ),

            taxed as {{ once() }} (
                select
                    bounded.*,
                    case
                        when is_whole and event_type = 'void' then tax_left
                        when is_whole
                            then coalesce({{ half_even(
                                'greatest(least(receivable, net_left + tax_left), 0) * tax_left',
                                'nullif(net_left + tax_left, 0)'
                            ) }}, 0)
                        else coalesce({{ half_even('inside * tax_left', 'nullif(net_left + tax_left, 0)') }}, 0)
                    end as taken_tax,
                    least(to_take - recoverables_first - inside, recoverables_open - recoverables_first)
                        as recoverables_last
                from bounded
            ),

            to_share as (
                select
                    {{ drawn_columns }},
                    {{ sum_columns }},
                    taken_tax,
                    recoverables_first + recoverables_last as taken_recoverables,
                    to_take - recoverables_first - inside - recoverables_last as beyond,
                    invoice_id as split_id,
                    line_no as item_no,
                    (inside - taken_tax) * {{ sign_of_net }} as total,
                    case when kind = 'line' and net_left <> 0 and not is_whole then earned + unearned else 0 end
                    * {{ sign_of_net }} as weight,
                    1 as unit
                from taxed
            ),

            over_lines as (
                {{ spread('to_share', signed=true) }}
            ),

            shared as (
                select
                    {{ drawn_columns }},
                    {{ sum_columns }},
                    taken_tax,
                    taken_recoverables,
                    beyond,
                    case
                        when is_whole then earned + unearned
                        else coalesce(max(case when kind = 'line' then part end) {{ of_line }}, 0) * {{ sign_of_net }}
                    end as line_part
                from over_lines
            ),

            parted as {{ once() }} (
                select
                    shared.*,
                    case
                        when is_whole then earned
                        else coalesce({{ half_even('line_part * earned', 'nullif(earned + unearned, 0)') }}, 0)
                    end as taken_contra
                from shared
            ),

            to_spread as (
                select
                    parted.*,
                    line_part - taken_contra as taken_deferred,
                    line_id || kind as split_id,
                    from_on as item_no,
                    unearned - line_part + taken_contra as total,
                    case
                        when kind in ('left', 'mirror') and is_primary then {{ days_between('from_on', 'until_on') }}
                        else 0
                    end as weight,
                    1 as unit
                from parted
            ),

            over_pieces as (
                {{ spread('to_spread') }}
            ),

            totals as (
                select
                    over_pieces.*,
                    case
                        when event_type = 'terminate' then 0
                        when line_part = 0 then amount
                        else coalesce(part, 0)
                    end as new_amount,
                    sum(case when kind = 'line' then taken_contra else 0 end) {{ of_invoice }} as contra_total
                from over_pieces
            ),

            written_off as (
                select
                    totals.*,
                    case
                        when event_type <> 'uncollectible' or is_written_off then 0
                        when net_left = 0 or net_left + taken_tax < receivable then contra_total
                        else coalesce({{ half_even(
                            'greatest(receivable - taken_tax, 0) * contra_total', 'nullif(net_left, 0)'
                        ) }}, 0)
                    end as written_off_earned
                from totals
            ),

            changed as (
                select
                    written_off.*,
                    case
                        when event_type = 'payment' and not is_written_off then -event_amount
                        when event_type = 'credit_note' and not is_written_off then paid_out - event_amount
                        when event_type = 'void' and not is_written_off then -greatest(net_left + tax_left, 0)
                        when event_type = 'uncollectible' and not is_written_off then -receivable
                        when event_type = 'credit_note_void' and is_putting_back then target_amount - target_paid_out
                        else 0
                    end as receivable_change,
                    case
                        when event_type = 'void' and not is_written_off then greatest(-net_left - tax_left, 0)
                        else 0
                    end as customer_balance_change,
                    case
                        when event_type = 'payment' and is_written_off then -least(event_amount, greatest(bad_debt, 0))
                        when event_type = 'credit_note' and is_written_off
                            then -least(event_amount - paid_out, greatest(bad_debt, 0))
                        when event_type = 'void' and is_written_off then -bad_debt
                        else written_off_earned
                    end as bad_debt_change,
                    case
                        when event_type = 'payment' and is_written_off
                            then event_amount - least(event_amount, greatest(bad_debt, 0))
                        when event_type = 'uncollectible' and not is_written_off
                            then written_off_earned + net_left - contra_total + taken_tax - receivable
                        when event_type = 'dispute_won'
                            then event_amount - returned_net - returned_tax - returned_beyond
                        else returned_recoverables - taken_recoverables
                    end as recoverables_change
                from written_off
            )

            select
                invoice_id,
                step,
                steps,
                line_id,
                line_no,
                case
                    when kind = 'line' then 'line'
                    when kind in ('hold', 'held_line') then 'held_line'
                    when kind in ('mirror', 'held') then 'held'
                    else 'piece'
                end,
                case when kind in ('missed', 'ended') then event_on else from_on end,
                case when kind in ('missed', 'ended') then event_on else until_on end,
                is_primary and kind in ('earned', 'left', 'mirror'),
                is_accrued,
                case when kind in ('hold', 'mirror') then step else held_step end,
                case
                    when kind = 'left' then new_amount
                    when kind = 'mirror' then amount - new_amount
                    when kind in ('missed', 'returned') then share_of_amount
                    when kind = 'ended' then unearned
                    else amount
                end,
                case
                    when kind = 'line' then contra + taken_contra - returned_contra
                    when kind = 'hold' then taken_contra
                    else contra
                end,
                case when kind = 'hold' then case when line_no = 1 then taken_tax else 0 end else held_tax end,
                case
                    when kind = 'hold' then case when line_no = 1 then taken_recoverables else 0 end
                    else held_recoverables
                end,
                case when kind = 'hold' then case when line_no = 1 then beyond else 0 end else held_beyond end,
                tax_left - taken_tax + returned_tax,
                receivable + receivable_change,
                bad_debt + bad_debt_change,
                recoverables + recoverables_change,
                is_written_off or event_type = 'uncollectible',
                event_id,
                taken_contra,
                taken_deferred,
                returned_contra,
                returned_deferred,
                taken_tax,
                returned_tax,
                contra_total,
                beyond - returned_beyond,
                receivable_change,
                bad_debt_change,
                recoverables_change,
                customer_balance_change,
                is_putting_back
            from changed
            where kind <> 'returned_line'
        )
    )

    select * from states
{%- endmacro %}
