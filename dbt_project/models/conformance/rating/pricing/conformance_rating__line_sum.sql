with

cases as (
    select
        case_id,
        {{ json_node('inputs', 'lines') }} as lines,
        cast({{ json_text('inputs', 'round', 'digits') }} as integer) as round_digits,
        {{ json_text('inputs', 'round', 'mode') }} as round_mode
    from {{ conformance_cases() }} as cases
),

given_lines as (
    select
        cases.case_id,
        cases.round_digits,
        cases.round_mode,
        lines.position as line_no,
        {{ json_text('lines.element', 'quantity') }} as quantity,
        {{ json_text('lines.element', 'unit_price') }} as unit_price
    from cases
    cross join {{ json_array_elements('cases.lines', 'lines') }}
),

scales as (
    select
        case_id,
        {{ least_common_multiple_of(denominator_of('quantity')) }}
        * {{ least_common_multiple_of(denominator_of('unit_price')) }} as scale
    from given_lines
    group by case_id
),

lines as (
    select
        given_lines.case_id,
        given_lines.round_digits,
        given_lines.round_mode,
        given_lines.line_no,
        {{ in_scale('given_lines.quantity', 'scales.scale', denominator_of('given_lines.unit_price')) }}
        * {{ numerator_of('given_lines.unit_price') }} as amount_numerator,
        scales.scale as amount_denominator
    from given_lines
    inner join scales on given_lines.case_id = scales.case_id
),

sums as (
    {{ line_sums('lines', 'case_id') }}
),

listed as (
    select
        case_id,
        {{ json_list(
            ratio_text('amount_numerator', 'amount_denominator', 'round_digits', 'round_mode'), 'line_no'
        ) }} as line_amounts
    from lines
    group by case_id
),

final as (
    select
        cases.case_id,
        {{ json_object() }}(
            'line_amounts', coalesce(listed.line_amounts, {{ json_list_of([]) }}),
            'round_then_sum', {{ ratio_text(
                'coalesce(sums.round_then_sum_numerator, 0)', 'coalesce(sums.sum_denominator, 1)'
            ) }},
            'sum_then_round', {{ ratio_text(
                'coalesce(sums.sum_then_round_numerator, 0)', 'coalesce(sums.sum_denominator, 1)'
            ) }}
        ) as outputs
    from cases
    left join listed on cases.case_id = listed.case_id
    left join sums on cases.case_id = sums.case_id
)

select * from final
