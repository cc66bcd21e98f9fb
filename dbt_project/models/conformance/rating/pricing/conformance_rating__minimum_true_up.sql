with

cases as (
    select
        case_id,
        {{ json_text('inputs', 'minimum') }} as minimum_amount,
        coalesce({{ json_text('inputs', 'prorate', 0) }}, '1') as active_part,
        coalesce({{ json_text('inputs', 'prorate', 1) }}, '1') as whole_part,
        {{ json_node('inputs', 'used') }} as used_amounts,
        cast({{ json_text('inputs', 'round', 'digits') }} as integer) as round_digits,
        {{ json_text('inputs', 'round', 'mode') }} as round_mode
    from {{ conformance_cases() }} as cases
),

used as (
    select
        cases.case_id,
        sum({{ round_ratio_as(
            numerator_of(json_text('used.element')), denominator_of(json_text('used.element')),
            'cases.round_digits', 'cases.round_mode'
        ) }}) as used_amount
    from cases
    cross join {{ json_array_elements('cases.used_amounts', 'used') }}
    group by cases.case_id
),

minimums as (
    select
        cases.case_id,
        cases.round_digits,
        cases.round_mode,
        {{ numerator_of('cases.minimum_amount') }} as minimum_amount,
        {{ numerator_of('cases.active_part') }} * {{ denominator_of('cases.whole_part') }} as share_active,
        {{ numerator_of('cases.whole_part') }}
        * {{ denominator_of('cases.active_part') }}
        * {{ denominator_of('cases.minimum_amount') }} as share_whole,
        coalesce(used.used_amount, 0) as used_amount
    from cases
    left join used on cases.case_id = used.case_id
),

true_ups as (
    {{ minimum_true_ups('minimums') }}
),

final as (
    select
        case_id,
        {{ json_object() }}(
            'prorated_minimum', {{ ratio_text('prorated_numerator', 'minimum_denominator') }},
            'true_up', {{ ratio_text('true_up_numerator', 'minimum_denominator') }}
        ) as outputs
    from true_ups
)

select * from final
