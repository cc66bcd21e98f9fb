with

cases as (
    select
        case_id,
        {{ json_text('inputs', 'value') }} as given_value,
        cast({{ json_text('inputs', 'digits') }} as integer) as digits,
        {{ json_text('inputs', 'mode') }} as mode
    from {{ conformance_cases() }} as cases
),

rounded as (
    select
        case_id,
        {{ round_ratio_as(numerator_of('given_value'), denominator_of('given_value'), 'coalesce(digits, 0)', 'mode') }}
            as amount
    from cases
),

final as (
    select
        case_id,
        {{ json_object() }}('value', {{ text_of('amount') }}) as outputs
    from rounded
)

select * from final
