with

cases as (
    select
        case_id,
        {{ numerator_of(json_text('inputs', 'amount')) }} as amount_numerator,
        {{ denominator_of(json_text('inputs', 'amount')) }} as amount_denominator,
        coalesce({{ numerator_of(json_text('inputs', 'rate_pct')) }}, 0) as rate_numerator,
        {{ denominator_of(json_text('inputs', 'rate_pct')) }} * 100 as rate_denominator,
        cast({{ json_text('inputs', 'round', 'digits') }} as integer) as digits,
        {{ json_text('inputs', 'round', 'mode') }} as mode
    from {{ conformance_cases() }} as cases
),

taxed as (
    select
        cases.*,
        {{ rounded_numerator(
            'amount_numerator * rate_numerator', 'amount_denominator * rate_denominator', 'digits', 'mode'
        ) }} as tax_numerator,
        {{ rounded_denominator('amount_denominator * rate_denominator', 'mode') }} as tax_denominator
    from cases
),

final as (
    select
        case_id,
        {{ json_object() }}(
            'tax', {{ ratio_text('tax_numerator', 'tax_denominator') }},
            'total', {{ ratio_text(
                'amount_numerator * tax_denominator + tax_numerator * amount_denominator',
                'amount_denominator * tax_denominator'
            ) }}
        ) as outputs
    from taxed
)

select * from final
