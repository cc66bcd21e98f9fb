{#-
    The events of worked cases through the macros of the ledger.

    events: relation, one row an event of a run: run_id, position (order in the file), late_billing (null = catch_up), and
    the event itself as JSON.

    Gives the entries of all runs: run_id, month (text), rule, account, amount.
-#}
{% macro case_entries(events) -%}
    {%- set day = to_date(json_text('events.event', 'date')) -%}
    with placed as {{ once() }} (
        select
            events.run_id,
            events.event,
            events.late_billing = 'accrue_unbilled' as is_accruing,
            {{ json_text('events.event', 'type') }} as event_type,
            {{ day }} as event_on,
            row_number() over (partition by events.run_id order by {{ day }}, events.position) as event_no
        from {{ events }} as events
    ),

    given_lines as {{ once() }} (
        select
            placed.run_id,
            placed.event_on as billed_on,
            placed.event_no,
            coalesce(placed.is_accruing, false) as is_accruing,
            placed.run_id || '|' || {{ json_text('placed.event', 'id') }} as invoice_id,
            lines.position as line_no,
            lines.element as line
        from placed
        cross join {{ json_array_elements(json_node('placed.event', 'lines'), 'lines') }}
        where placed.event_type = 'invoice'
    ),

    items as (
        select
            run_id,
            event_on,
            {{ json_text('event', 'id') }} as item_id,
            event as item,
            coalesce(is_accruing, false) as is_accruing
        from placed
        where event_type = 'unbilled_item'
    ),

    -- Usage is billed by the first line after it that bills its meter.
    metered as (
        select
            used.run_id,
            used.event_no,
            used.event_on,
            cast({{ json_text('used.event', 'amount') }} as bigint) as amount,
            (
                select given_lines.invoice_id || '|' || cast(given_lines.line_no as text)
                from given_lines
                where
                    given_lines.run_id = used.run_id
                    and given_lines.event_no > used.event_no
                    and {{ json_text('given_lines.line', 'bills_meter') }} = {{ json_text('used.event', 'meter') }}
                order by given_lines.event_no, given_lines.line_no
                limit 1
            ) as line_id
        from placed as used
        where used.event_type = 'usage'
    ),

    metered_pieces as {{ once() }} (
        select
            run_id,
            coalesce(line_id, run_id || '|usage|' || cast(event_no as text)) as line_id,
            line_id is not null as is_billed,
            event_on,
            amount
        from metered
    ),

    service as (
        select
            given_lines.run_id,
            given_lines.invoice_id,
            given_lines.invoice_id || '|' || cast(given_lines.line_no as text) as line_id,
            given_lines.line_no,
            given_lines.billed_on,
            coalesce(items.event_on, given_lines.billed_on) as dated_on,
            coalesce(cast({{ json_text('given_lines.line', 'tax') }} as bigint), 0) as tax,
            coalesce(items.item, given_lines.line) as service,
            items.item_id is not null or given_lines.is_accruing as accrues,
            given_lines.is_accruing or {{ json_text('given_lines.line', 'bills_meter') }} is not null
                as accrues_in_own_month,
            {{ json_text('given_lines.line', 'bills_meter') }} is not null as is_metered
        from given_lines
        left join items
            on
                given_lines.run_id = items.run_id
                and {{ json_text('given_lines.line', 'bills_item') }} = items.item_id
        union all
        select
            items.run_id,
            null,
            items.run_id || '|item|' || items.item_id,
            1,
            null,
            items.event_on,
            0,
            items.item,
            true,
            items.is_accruing,
            false
        from items
        where not exists (
            select 1 from given_lines
            where
                given_lines.run_id = items.run_id
                and {{ json_text('given_lines.line', 'bills_item') }} = items.item_id
        )
    ),

    dated as (
        select
            service.*,
            cast({{ json_text('service', 'amount') }} as bigint) as amount,
            coalesce(cast({{ json_text('service', 'service_start') }} as date), dated_on) as service_start_on,
            coalesce(
                cast({{ json_text('service', 'service_end') }} as date),
                {{ add_days("cast(" ~ json_text('service', 'service_end_inclusive') ~ " as date)", 1) }},
                {{ add_days('dated_on', 1) }}
            ) as service_end_on
        from service
    ),

    lines as {{ once() }} (
        select
            dated.run_id,
            dated.invoice_id,
            dated.line_id,
            dated.line_no,
            dated.billed_on,
            dated.dated_on,
            dated.tax,
            dated.accrues,
            dated.accrues_in_own_month,
            dated.service_start_on,
            dated.service_end_on,
            dated.is_metered,
            coalesce(dated.amount, usages.amount, 0) as amount
        from dated
        left join (
            select
                line_id,
                cast(sum(amount) as bigint) as amount
            from metered_pieces
            group by line_id
        ) as usages on dated.line_id = usages.line_id
        union all
        select
            run_id,
            null,
            line_id,
            1,
            null,
            event_on,
            0,
            true,
            true,
            event_on,
            event_on,
            true,
            amount
        from metered_pieces
        where not is_billed
    ),

    months as (
        {{ months_of_case_lines('(select * from lines where not is_metered)') }}
    ),

    pieces as {{ once() }} (
        {{ plan_pieces('months', 'lines') }}
        union all
        select
            line_id,
            event_on,
            event_on,
            amount,
            true
        from metered_pieces
    ),

    invoices as {{ once() }} (
        select
            lines.run_id,
            lines.invoice_id,
            lines.billed_on,
            cast(sum(lines.amount) as bigint) as net,
            cast(sum(lines.tax) as bigint) as tax,
            coalesce(max(cast({{ json_text('placed.event', 'credit_balance_applied') }} as bigint)), 0)
                as balance_applied
        from lines
        inner join placed
            on
                lines.run_id = placed.run_id
                and placed.event_type = 'invoice'
                and lines.invoice_id = placed.run_id || '|' || {{ json_text('placed.event', 'id') }}
        group by lines.run_id, lines.invoice_id, lines.billed_on
    ),

    events as {{ once() }} (
        select
            placed.run_id,
            placed.run_id || '|' || {{ json_text('placed.event', 'invoice') }} as invoice_id,
            placed.run_id || '|event|' || cast(placed.event_no as text) as event_id,
            placed.event_type,
            placed.event_on,
            placed.event_no,
            cast({{ json_text('placed.event', 'amount') }} as bigint) as amount,
            cast({{ json_text('placed.event', 'fee') }} as bigint) as fee,
            coalesce({{ json_text('placed.event', 'out_of_band') }} = 'true', false) as is_out_of_band,
            cast({{ json_text('placed.event', 'refund') }} as bigint) as refund,
            cast({{ json_text('placed.event', 'to_balance') }} as bigint) as to_balance,
            case
                when placed.event_type = 'credit_note'
                    then cast({{ json_text('placed.event', 'out_of_band') }} as bigint)
            end as out_of_band,
            coalesce({{ json_text('placed.event', 'policy') }} = 'reinstate', false) as is_reinstated,
            cast(null as text) as reverses_event_id
        from placed
        where placed.event_type not in ('invoice', 'unbilled_item', 'usage')
    ),

    entries as (
        {{ subledger('lines', 'pieces', 'invoices', 'events') }}
    )

    select
        coalesce(lines.run_id, invoices.run_id) as run_id,
        {{ month_text('entries.booked_on') }} as month,
        entries.rule,
        entries.account,
        entries.amount
    from entries
    left join lines on entries.line_id = lines.line_id
    left join invoices on entries.invoice_id = invoices.invoice_id
{%- endmacro %}


{#- Movements by month and account as JSON: a relation of entries (run_id, month, account, amount) to run_id, movements. -#}
{% macro case_movements(entries) -%}
    select
        run_id,
        jsonb_object_agg(month, accounts) as movements
    from (
        select
            run_id,
            month,
            jsonb_object_agg(account, cast(amount as text)) as accounts
        from (
            select
                run_id,
                month,
                account,
                sum(amount) as amount
            from {{ entries }} as entries
            group by run_id, month, account
        ) as summed
        where amount <> 0
        group by run_id, month
    ) as months
    group by run_id
{%- endmacro %}


{#- The daily plan of lines (line_id, amount, service_start_on, service_end_on): line_id, from_on, until_on, amount. -#}
{% macro months_of_case_lines(lines) -%}
    select
        line_id,
        earned_from_on as from_on,
        earned_until_on as until_on,
        cast(amount_minor as bigint) as amount
    from (
        {{ schedule_months('(
            select
                line_id,
                cast(amount as numeric) as amount_minor,
                service_start_on,
                service_end_on,
                ' ~ start_of_utc_day('service_start_on') ~ ' as service_start_at,
                ' ~ start_of_utc_day('service_end_on') ~ " as service_end_at,
                cast(null as integer) as term_months,
                'daily' as granularity,
                'largest_remainder' as leftover_units
            from " ~ lines ~ ' as lines
        )') }}
    ) as schedules
{%- endmacro %}


{#- The last month that a case reports (text); without one, all. -#}
{% macro case_through() -%}
    coalesce({{ json_text('cases.inputs', 'through') }}, '9999-12')
{%- endmacro %}
