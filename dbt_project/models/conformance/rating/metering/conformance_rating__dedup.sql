with

cases as (
    select
        case_id,
        inputs
    from {{ conformance_cases() }} as cases
),

listed_events as (
    select
        cases.case_id,
        listed.position as event_no,
        listed.element as document,
        (
            select
                {{ json_list(json_node_by('listed.element', json_scalar_text('fields.element')), 'fields.position') }}
            from {{ json_array_elements(json_node('cases.inputs', 'key'), 'fields') }}
        ) as identity
    from cases
    cross join {{ json_array_elements(json_node('inputs', 'events'), 'listed') }}
),

numbered as (
    select
        case_id,
        {{ to_numeric(json_text('document', 'value')) }} as quantity,
        {{ copy_number(['case_id', 'identity'], ['event_no']) }} as copy_no
    from listed_events
),

final as (
    select
        cases.case_id,
        {{ json_object() }}(
            'count', cast(count(numbered.copy_no) as text),
            'sum', cast(coalesce(sum(numbered.quantity), 0) as text)
        ) as outputs
    from cases
    left join numbered on cases.case_id = numbered.case_id and numbered.copy_no = 1
    group by cases.case_id
)

select * from final
