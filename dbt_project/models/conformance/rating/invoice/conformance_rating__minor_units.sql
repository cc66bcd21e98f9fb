with

cases as (
    select
        case_id,
        {{ numerator_of(json_text('inputs', 'amount')) }} as amount_numerator,
        {{ denominator_of(json_text('inputs', 'amount')) }} as amount_denominator,
        {{ currency_exponent(json_text('inputs', 'currency')) }} as exponent
    from {{ conformance_cases() }} as cases
),

final as (
    select
        case_id,
        {{ json_object() }}(
            'minor', {{ text_of(minor_units_of_ratio('amount_numerator', 'amount_denominator', 'exponent')) }},
            'exact', {{ is_whole_in_minor_units('amount_numerator', 'amount_denominator', 'exponent') }}
        ) as outputs
    from cases
)

select * from final
