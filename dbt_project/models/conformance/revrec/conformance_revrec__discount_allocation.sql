with

cases as (
    select * from {{ conformance_cases() }} as cases
),

given_lines as (
    select
        cases.case_id,
        given.position,
        given.element as line,
        cast({{ json_text('given.element', 'amount') }} as numeric) as gross,
        cast({{ json_text('cases.inputs', 'discount') }} as numeric) as discount
    from cases
    cross join {{ json_array_elements(json_node('cases.inputs', 'lines'), 'given') }}
),

shares as (
    select
        given_lines.*,
        case_id as split_id,
        position as item_no,
        discount as total,
        gross as weight,
        1 as unit
    from given_lines
),

discounted as (
    {{ spread('shares') }}
),

net_lines as (
    select
        case_id,
        position,
        {{ json_text('line', 'id') }} as line_id,
        line,
        gross - coalesce(part, 0) as net
    from discounted
),

invoices as (
    select
        case_id,
        jsonb_object_agg(line_id, cast(net as text)) as nets,
        jsonb_agg(line || jsonb_build_object('amount', net) order by position) as lines
    from net_lines
    group by case_id
),

events as (
    select
        cases.case_id as run_id,
        1 as position,
        jsonb_build_object(
            'type', 'invoice', 'id', 'invoice', 'date', {{ json_text('cases.inputs', 'date') }}, 'lines', invoices.lines
        ) as event,
        {{ json_text('cases.inputs', 'late_billing') }} as late_billing
    from cases
    inner join invoices on cases.case_id = invoices.case_id
),

entries as (
    {{ case_entries('events') }}
),

reported as (
    select entries.*
    from entries
    inner join cases on entries.run_id = cases.case_id
    where entries.month <= {{ case_through() }}
),

movements as (
    {{ case_movements('reported') }}
),

final as (
    select
        invoices.case_id,
        jsonb_build_object(
            'net_lines', invoices.nets, 'movements', coalesce(movements.movements, '{}')
        ) as outputs
    from invoices
    left join movements on invoices.case_id = movements.run_id
)

select * from final
