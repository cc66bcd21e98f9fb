with

cases as (
    select
        case_id,
        {{ numerator_of(json_text('inputs', 'gross')) }} as gross_numerator,
        {{ denominator_of(json_text('inputs', 'gross')) }} as gross_denominator,
        coalesce({{ numerator_of(json_text('inputs', 'rate_pct')) }}, 0) as rate_numerator,
        {{ denominator_of(json_text('inputs', 'rate_pct')) }} * 100 as rate_denominator,
        cast({{ json_text('inputs', 'round', 'digits') }} as integer) as digits,
        {{ json_text('inputs', 'round', 'mode') }} as mode
    from {{ conformance_cases() }} as cases
),

exact as (
    select
        cases.*,
        {{ net_of_inclusive_numerator('gross_numerator', 'rate_denominator') }} as exact_numerator,
        {{ net_of_inclusive_denominator('gross_denominator', 'rate_numerator', 'rate_denominator') }}
            as exact_denominator
    from cases
),

netted as (
    select
        exact.*,
        {{ rounded_numerator('exact_numerator', 'exact_denominator', 'digits', 'mode') }} as net_numerator,
        {{ rounded_denominator('exact_denominator', 'mode') }} as net_denominator
    from exact
),

final as (
    select
        case_id,
        {{ json_object() }}(
            'net', {{ ratio_text('net_numerator', 'net_denominator') }},
            'tax', {{ ratio_text(
                'gross_numerator * net_denominator - net_numerator * gross_denominator',
                'gross_denominator * net_denominator'
            ) }},
            'total', {{ ratio_text('gross_numerator', 'gross_denominator') }}
        ) as outputs
    from netted
)

select * from final
