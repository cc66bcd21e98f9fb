with

cases as (
    select * from {{ conformance_cases() }} as cases
),

events as (
    select
        cases.case_id as run_id,
        given.position,
        given.element as event,
        {{ json_text('cases.inputs', 'late_billing') }} as late_billing
    from cases
    cross join {{ json_array_elements(json_node('cases.inputs', 'events'), 'given') }}
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
        cases.case_id,
        jsonb_build_object('movements', coalesce(movements.movements, '{}')) as outputs
    from cases
    left join movements on cases.case_id = movements.run_id
)

select * from final
