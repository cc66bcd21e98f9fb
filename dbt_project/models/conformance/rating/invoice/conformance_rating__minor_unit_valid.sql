with

cases as (
    select
        case_id,
        {{ numerator_of(json_text('inputs', 'minor')) }} * {{ denominator_of(json_text('inputs', 'step')) }} as minor,
        {{ numerator_of(json_text('inputs', 'step')) }} * {{ denominator_of(json_text('inputs', 'minor')) }} as step
    from {{ conformance_cases() }} as cases
),

final as (
    select
        case_id,
        {{ json_object() }}('valid', {{ is_multiple_of_step('minor', 'step') }}) as outputs
    from cases
)

select * from final
