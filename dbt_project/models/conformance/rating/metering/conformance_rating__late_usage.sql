with

cases as (
    select
        case_id,
        inputs,
        {{ to_timestamp_utc(json_text('inputs', 'period', 0)) }} as period_start,
        {{ to_timestamp_utc(json_text('inputs', 'period', 1)) }} as period_end,
        {{ to_timestamp_utc(json_text('inputs', 'cutoff')) }} as cut_off_at
    from {{ conformance_cases() }} as cases
),

events as (
    select
        cases.case_id,
        {{ to_numeric(json_text('listed.element', 'value')) }} as quantity,
        {{ is_known_by(to_timestamp_utc(json_text('listed.element', 'stored_at')), 'cases.cut_off_at') }} as is_known
    from cases
    cross join {{ json_array_elements(json_node('inputs', 'events'), 'listed') }}
    where
        {{ in_period(
            to_timestamp_utc(json_text('listed.element', 'at')), 'cases.period_start', 'cases.period_end'
        ) }}
),

final as (
    select
        cases.case_id,
        {{ json_object() }}(
            'billed_quantity', {{ text_of(
                'coalesce(sum(events.quantity) filter (where events.is_known), 0)'
            ) }},
            'late_quantity', {{ text_of(
                'coalesce(sum(events.quantity) filter (where not events.is_known), 0)'
            ) }}
        ) as outputs
    from cases
    left join events on cases.case_id = events.case_id
    group by cases.case_id
)

select * from final
