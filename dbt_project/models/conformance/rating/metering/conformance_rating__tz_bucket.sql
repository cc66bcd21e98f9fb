with

cases as (
    select
        case_id,
        inputs,
        {{ json_text('inputs', 'timezone') }} as timezone,
        {{ json_text('inputs', 'unit') }} as unit
    from {{ conformance_cases() }} as cases
),

events as (
    select
        cases.case_id,
        cases.unit,
        {{ local_date(to_timestamp_utc(json_scalar_text('listed.element')), 'cases.timezone') }} as usage_on
    from cases
    cross join {{ json_array_elements(json_node('inputs', 'timestamps'), 'listed') }}
),

counts as (
    select
        case_id,
        {{ local_label('usage_on', 'unit') }} as label,
        count(*) as event_count
    from events
    group by case_id, {{ local_label('usage_on', 'unit') }}
),

final as (
    select
        cases.case_id,
        {{ json_object() }}(
            'counts',
            {{ json_members('counts.label', text_of('counts.event_count'), 'counts.label is not null') }}
        ) as outputs
    from cases
    left join counts on cases.case_id = counts.case_id
    group by cases.case_id
)

select * from final
