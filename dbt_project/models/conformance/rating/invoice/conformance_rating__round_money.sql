with

cases as (
    select
        case_id,
        {{ numerator_of(json_text('inputs', 'amount')) }} as amount_numerator,
        {{ denominator_of(json_text('inputs', 'amount')) }} as amount_denominator,
        coalesce(
            cast({{ json_text('inputs', 'digits') }} as integer),
            {{ currency_exponent(json_text('inputs', 'currency')) }}
        ) as digits,
        coalesce({{ json_text('inputs', 'mode') }}, 'half_up') as mode
    from {{ conformance_cases() }} as cases
),

final as (
    select
        case_id,
        {{ json_object() }}(
            'amount', {{ ratio_text('amount_numerator', 'amount_denominator', 'digits', 'mode') }}
        ) as outputs
    from cases
)

select * from final
