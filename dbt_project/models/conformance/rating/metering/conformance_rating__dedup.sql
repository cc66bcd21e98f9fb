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
        {{ json_node('cases.inputs', 'key') }} as key_fields
    from cases
    cross join {{ json_array_elements(json_node('inputs', 'events'), 'listed') }}
),

identities as (
    select
        listed_events.case_id,
        listed_events.event_no,
        {{ json_list(
            json_node_by('listed_events.document', json_scalar_text('fields.element')), 'fields.position',
            'fields.position is not null'
        ) }} as identity
    from listed_events
    left join {{ json_array_elements('listed_events.key_fields', 'fields') }} on true
    group by listed_events.case_id, listed_events.event_no
),

numbered as (
    select
        listed_events.case_id,
        {{ to_numeric(json_text('listed_events.document', 'value')) }} as quantity,
        {{ copy_number(['listed_events.case_id', 'identities.identity'], ['listed_events.event_no']) }} as copy_no
    from listed_events
    inner join identities
        on listed_events.case_id = identities.case_id and listed_events.event_no = identities.event_no
),

final as (
    select
        cases.case_id,
        {{ json_object() }}(
            'count', {{ text_of('count(numbered.copy_no)') }},
            'sum', {{ text_of('coalesce(sum(numbered.quantity), 0)') }}
        ) as outputs
    from cases
    left join numbered on cases.case_id = numbered.case_id and numbered.copy_no = 1
    group by cases.case_id
)

select * from final
