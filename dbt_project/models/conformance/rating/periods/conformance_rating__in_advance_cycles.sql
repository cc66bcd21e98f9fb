with

cases as (
    select
        case_id,
        cast({{ json_text('inputs', 'start') }} as date) as start_on,
        cast({{ json_text('inputs', 'end') }} as date) as end_on,
        cast({{ json_text('inputs', 'target') }} as date) as target_on,
        cast({{ json_text('inputs', 'anchor_day') }} as integer) as anchor_day,
        {{ case_months() }} as months,
        {{ case_days() }} as days
    from {{ conformance_cases() }} as cases
),

cycles as (
    select * from {{ in_advance_cycles('cases') }} as cycles
),

final as (
    select
        cycles.case_id,
        {{ json_object() }}(
            'segments',
            {{ json_list_of([
                'case when stub_days > 0 then ' ~ ratio_text('stub_days', 'stub_whole_days') ~ ' end',
                'case when whole_periods > 0 then ' ~ text_of('whole_periods') ~ ' end',
                'case when rest_days > 0 then ' ~ ratio_text('rest_days', 'rest_whole_days') ~ ' end',
            ]) }},
            'cycles',
            {{ ratio_text(
                'stub_days * rest_whole_days + whole_periods * stub_whole_days * rest_whole_days'
                ~ ' + rest_days * stub_whole_days',
                'stub_whole_days * rest_whole_days'
            ) }}
        ) as outputs
    from cycles
)

select * from final
