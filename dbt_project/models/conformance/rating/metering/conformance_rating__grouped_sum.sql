with

cases as (
    select
        case_id,
        inputs
    from {{ conformance_cases() }} as cases
),

groups as (
    select
        cases.case_id,
        fields.position as group_no,
        {{ json_scalar_text('fields.element') }} as group_field
    from cases
    cross join {{ json_array_elements(json_node('inputs', 'group_by'), 'fields') }}
),

-- A field that allows nothing keeps a row, so that nothing passes it.
filters as (
    select
        cases.case_id,
        fields.key as filter_field,
        {{ json_scalar_text('allowed.element') }} as allowed_value
    from cases
    cross join {{ json_each(json_node('inputs', 'filters'), 'fields') }}
    left join {{ json_array_elements('fields.value', 'allowed') }} on true
),

listed_events as (
    select
        cases.case_id,
        listed.position as event_no,
        listed.element as document
    from cases
    cross join {{ json_array_elements(json_node('inputs', 'events'), 'listed') }}
),

events as (
    select
        case_id,
        'sum' as aggregation,
        {{ group_key_of('document', 'groups', 'case_id', 'listed_events.case_id') }} as group_key,
        {{ to_numeric(json_text('document', 'value')) }} as quantity,
        cast(null as {{ text_type() }}) as event_key,
        cast(null as {{ text_type() }}) as operation,
        event_no,
        {{ timestamp_literal('1970-01-01T00:00:00Z') }} as occurred_at,
        date '1970-01-01' as usage_on,
        0 as bucket_no
    from listed_events
    where {{ passes_filters('document', 'filters', 'case_id', 'listed_events.case_id') }}
),

states as (
    {{ usage_states('events', ['case_id', 'group_key'], ['event_no']) }}
),

final as (
    select
        cases.case_id,
        {{ json_object() }}(
            'groups',
            {{ json_members('states.group_key', text_of('states.quantity_sum'), 'states.group_key is not null') }}
        ) as outputs
    from cases
    left join states on cases.case_id = states.case_id
    group by cases.case_id
)

select * from final
