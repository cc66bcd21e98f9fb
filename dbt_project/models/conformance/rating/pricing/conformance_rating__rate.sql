with

cases as (
    select
        case_id,
        inputs,
        {{ json_node('inputs', 'price') }} as price,
        {{ json_text('inputs', 'quantity') }} as quantity,
        coalesce({{ json_text('inputs', 'pre_quantity') }}, '0') as pre_quantity
    from {{ conformance_cases() }} as cases
),

lines as (
    select
        case_id,
        1 as line_no,
        price,
        {{ numerator_of('quantity') }} * {{ denominator_of('pre_quantity') }} as quantity,
        {{ numerator_of('pre_quantity') }} * {{ denominator_of('quantity') }} as billed,
        {{ denominator_of('quantity') }} * {{ denominator_of('pre_quantity') }} as quantity_denominator,
        {{ rounding_digits_of('price', 'inputs') }} as round_digits,
        {{ rounding_mode_of('price', 'inputs') }} as round_mode
    from cases
),

rated as (
    {{ rated_case_lines('lines') }}
),

final as (
    select
        case_id,
        {{ json_object() }}(
            'amount', amount,
            'packages', {{ text_of('packages') }},
            'tier_amounts', tier_amounts
        ) as outputs
    from rated
)

select * from final
