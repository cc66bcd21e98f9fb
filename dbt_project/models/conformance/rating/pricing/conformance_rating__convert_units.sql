with

cases as (
    select
        case_id,
        {{ json_text('inputs', 'quantity') }} as quantity,
        {{ json_text('inputs', 'operation') }} as operation,
        {{ json_text('inputs', 'factor') }} as factor,
        {{ json_text('inputs', 'rounding') }} as rounding,
        {{ json_text('inputs', 'precision') }} as precision_digits
    from {{ conformance_cases() }} as cases
),

quantities as (
    select
        case_id,
        {{ numerator_of('quantity') }} as quantity,
        {{ denominator_of('quantity') }} as quantity_denominator,
        operation,
        {{ numerator_of('factor') }} as factor,
        {{ denominator_of('factor') }} as factor_denominator,
        nullif(rounding, 'none') as rounding_mode,
        cast(coalesce(precision_digits, '0') as integer) as precision_digits
    from cases
),

converted as (
    {{ convert_units('quantities') }}
),

final as (
    select
        case_id,
        {{ json_object() }}('quantity', {{ ratio_text('converted_numerator', 'converted_denominator') }}) as outputs
    from converted
)

select * from final
