with

cases as (
    select
        case_id,
        {{ json_text('inputs', 'coupon', 'type') }} as kind,
        {{ numerator_of(json_text('inputs', 'coupon', 'value')) }} as value_numerator,
        {{ denominator_of(json_text('inputs', 'coupon', 'value')) }} as value_denominator,
        coalesce({{ numerator_of(json_text('inputs', 'coupon', 'already_used')) }}, 0) as used_numerator,
        {{ denominator_of(json_text('inputs', 'coupon', 'already_used')) }} as used_denominator,
        {{ numerator_of(json_text('inputs', 'base')) }} as base_numerator,
        {{ denominator_of(json_text('inputs', 'base')) }} as base_denominator,
        cast({{ json_text('inputs', 'round', 'digits') }} as integer) as digits,
        {{ json_text('inputs', 'round', 'mode') }} as mode
    from {{ conformance_cases() }} as cases
),

left_of_value as (
    select
        cases.*,
        {{ coupon_left('kind', 'value_numerator', 'value_denominator', 'used_numerator', 'used_denominator') }}
            as left_numerator,
        value_denominator * used_denominator as left_denominator
    from cases
),

taken as (
    select
        left_of_value.*,
        {{ coupon_numerator(
            'kind', 'left_numerator', 'left_denominator', 'base_numerator', 'base_denominator', 'digits', 'mode'
        ) }} as amount_numerator,
        base_denominator * {{ coupon_multiple('kind', 'left_denominator', 'mode') }} as amount_denominator
    from left_of_value
),

final as (
    select
        case_id,
        {{ json_object() }}('amount', {{ ratio_text('amount_numerator', 'amount_denominator') }}) as outputs
    from taken
)

select * from final
