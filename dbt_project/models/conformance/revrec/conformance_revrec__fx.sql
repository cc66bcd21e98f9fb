with

cases as (
    select
        case_id,
        inputs,
        {{ currency_exponent(json_text('inputs', 'currency')) }} as exponent,
        {{ currency_exponent(json_text('inputs', 'functional')) }} as functional_exponent
    from {{ conformance_cases() }} as cases
),

given_events as (
    select
        cases.case_id,
        cases.exponent,
        cases.functional_exponent,
        given.position,
        given.element as event,
        {{ json_text('given.element', 'type') }} as event_type,
        {{ to_date(json_text('given.element', 'date')) }} as event_on,
        cases.case_id || '|' || coalesce(
            {{ json_text('given.element', 'invoice') }}, {{ json_text('given.element', 'id') }}, 'invoice'
        ) as invoice_id,
        cast({{ json_text('given.element', 'amount') }} as numeric) as amount,
        coalesce(cast({{ json_text('given.element', 'fee') }} as numeric), 0) as fee,
        cast({{ json_text('given.element', 'rate') }} as numeric) as rate_numerator,
        1 as rate_denominator
    from cases
    cross join {{ json_array_elements(json_node('cases.inputs', 'events'), 'given') }}
),

given_lines as (
    select
        given_events.case_id,
        given_events.position,
        given_events.invoice_id,
        given_events.rate_numerator,
        given_events.rate_denominator,
        given_events.exponent,
        given_events.functional_exponent,
        lines.position as line_no,
        lines.element as line,
        cast({{ json_text('lines.element', 'amount') }} as numeric) as amount,
        coalesce(cast({{ json_text('lines.element', 'tax') }} as numeric), 0) as tax
    from given_events
    cross join {{ json_array_elements(
        json_first_array("given_events.event -> 'lines'", 'jsonb_build_array(given_events.event)'), 'lines'
    ) }}
    where given_events.event_type = 'invoice'
),

lines as (
    select
        given_lines.*,
        {{ functional_minor('amount') }} as functional_amount,
        {{ functional_minor('tax') }} as functional_tax
    from given_lines
),

invoices as (
    select
        case_id,
        position,
        invoice_id,
        rate_numerator,
        rate_denominator,
        exponent,
        functional_exponent,
        sum(amount + tax) as total_minor,
        sum(functional_amount + functional_tax) as functional_total_minor
    from lines
    group by case_id, position, invoice_id, rate_numerator, rate_denominator, exponent, functional_exponent
),

settlements as (
    select
        case_id,
        position,
        invoice_id,
        event,
        event_on,
        fee,
        position as event_no,
        case_id || '|' || cast(position as text) as event_id,
        event_type = 'payment' as is_received,
        case when event_type = 'payment' then 'payment' else 'reduction' end as event_family,
        amount,
        rate_numerator,
        rate_denominator
    from given_events
    where event_type <> 'invoice'
),

settled as (
    {{ functional_events('invoices', 'settlements') }}
),

-- Each case runs through the subledger twice: as the transaction was, and in the functional currency.
books as (
    select
        lines.case_id || '|transaction' as run_id,
        lines.position,
        jsonb_build_object(
            'type', 'invoice', 'id', lines.invoice_id, 'date', min(given_events.event_on),
            'lines', jsonb_agg(lines.line || jsonb_build_object('id', lines.line_no) order by lines.line_no)
        ) as event
    from lines
    inner join given_events on lines.case_id = given_events.case_id and lines.position = given_events.position
    group by lines.case_id, lines.position, lines.invoice_id
    union all
    select
        lines.case_id || '|functional' as run_id,
        lines.position,
        jsonb_build_object(
            'type', 'invoice', 'id', lines.invoice_id, 'date', min(given_events.event_on),
            'lines', jsonb_agg(
                lines.line || jsonb_build_object(
                    'id', lines.line_no, 'amount', lines.functional_amount, 'tax', lines.functional_tax
                )
                order by lines.line_no
            )
        ) as event
    from lines
    inner join given_events on lines.case_id = given_events.case_id and lines.position = given_events.position
    group by lines.case_id, lines.position, lines.invoice_id
    union all
    select
        case_id || '|transaction' as run_id,
        position,
        event || jsonb_build_object('invoice', invoice_id) as event
    from settled
    union all
    select
        case_id || '|functional' as run_id,
        position,
        event || jsonb_build_object(
            'invoice', invoice_id,
            'amount', functional_minor,
            'fee', {{ functional_minor('fee') }}
        ) as event
    from settled
),

events as (
    select
        books.*,
        cast(null as text) as late_billing
    from books
),

entries as {{ once() }} (
    {{ case_entries('events') }}
),

cash_moves as (
    select
        event_id,
        event_on as booked_on,
        is_received,
        functional_minor,
        settled_minor
    from settled
),

realised as (
    {{ realised_fx('cash_moves') }}
),

month_end_rates as (
    select
        cases.case_id as book_id,
        cases.exponent,
        cases.functional_exponent,
        rates.key as month,
        {{ to_date("rates.key || '-01'") }} as month_on,
        cast(rates.value #>> '{}' as numeric) as rate_numerator,
        1 as rate_denominator
    from cases
    cross join lateral jsonb_each(coalesce({{ json_node('cases.inputs', 'month_end_rates') }}, '{}')) as rates
),

balances as (
    select
        month_end_rates.book_id,
        month_end_rates.month_on,
        month_end_rates.rate_numerator,
        month_end_rates.rate_denominator,
        month_end_rates.exponent,
        month_end_rates.functional_exponent,
        coalesce(sum(
            case when entries.run_id = month_end_rates.book_id || '|transaction' then entries.amount end
        ), 0) as open_minor,
        coalesce(sum(
            case when entries.run_id = month_end_rates.book_id || '|functional' then entries.amount end
        ), 0) as carried_minor
    from month_end_rates
    left join entries
        on
            entries.run_id in (month_end_rates.book_id || '|transaction', month_end_rates.book_id || '|functional')
            and entries.account = 'accounts_receivable'
            and month_end_rates.month >= entries.month
    group by
        month_end_rates.book_id, month_end_rates.month_on, month_end_rates.rate_numerator,
        month_end_rates.rate_denominator, month_end_rates.exponent, month_end_rates.functional_exponent
),

unrealised as (
    {{ unrealised_fx('balances') }}
),

postings as (
    select
        cases.case_id,
        {{ to_date("entries.month || '-01'") }} as month_on,
        entries.account,
        entries.amount
    from entries
    inner join cases on entries.run_id = cases.case_id || '|functional'
    union all
    select
        settled.case_id,
        {{ month_start('realised.booked_on') }} as month_on,
        realised.account,
        realised.amount
    from realised
    inner join settled on realised.event_id = settled.event_id
    union all
    select
        book_id as case_id,
        {{ month_start('booked_on') }} as month_on,
        account,
        amount
    from unrealised
),

reported as (
    select postings.*
    from postings
    inner join cases on postings.case_id = cases.case_id
    where {{ month_text('postings.month_on') }} <= coalesce({{ json_text('cases.inputs', 'through') }}, '9999-12')
),

movements as (
    {{ conformance_movements('reported') }}
),

final as (
    select
        cases.case_id,
        jsonb_build_object('movements', coalesce(movements.movements, jsonb_build_object())) as outputs
    from cases
    left join movements on cases.case_id = movements.case_id
)

select * from final
