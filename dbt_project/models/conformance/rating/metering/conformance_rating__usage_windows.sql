with

cases as (
    select
        case_id,
        inputs,
        coalesce(cast({{ json_text('inputs', 'include_final_end') }} as boolean), false) as includes_final_end
    from {{ conformance_cases() }} as cases
),

transitions as (
    select
        cases.case_id,
        cases.includes_final_end,
        listed.position as transition_no,
        {{ to_date(json_scalar_text('listed.element')) }} as starts_on
    from cases
    cross join {{ json_array_elements(json_node('inputs', 'transitions'), 'listed') }}
),

bounded as (
    select
        transitions.*,
        lead(starts_on) over (partition by case_id order by transition_no) as ends_on,
        row_number() over (partition by case_id order by transition_no desc) = 2 as is_last
    from transitions
),

windows as (
    select * from bounded
    where ends_on is not null
),

events as (
    select
        cases.case_id,
        {{ to_date(json_text('listed.element', 'date')) }} as usage_on,
        {{ to_numeric(json_text('listed.element', 'value')) }} as quantity
    from cases
    cross join {{ json_array_elements(json_node('inputs', 'events'), 'listed') }}
),

sums as (
    select
        windows.case_id,
        windows.transition_no,
        coalesce(sum(events.quantity), 0) as quantity
    from windows
    left join events
        on
            windows.case_id = events.case_id
            and {{ in_closing_period(
                'events.usage_on', 'windows.starts_on', 'windows.ends_on',
                'windows.is_last and windows.includes_final_end'
            ) }}
    group by windows.case_id, windows.transition_no
),

final as (
    select
        cases.case_id,
        {{ json_object() }}(
            'windows',
            {{ json_list(text_of('sums.quantity'), 'sums.transition_no', 'sums.transition_no is not null') }}
        ) as outputs
    from cases
    left join sums on cases.case_id = sums.case_id
    group by cases.case_id
)

select * from final
