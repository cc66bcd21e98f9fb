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

lines as (
    select
        case_id,
        round_digits,
        round_mode,
        line_no,
        {{ numerator_of('quantity') }} * {{ numerator_of('unit_price') }} as amount_numerator,
        {{ denominator_of('quantity') }} * {{ denominator_of('unit_price') }} as amount_denominator
    from given_lines
),

sums as (
    {{ line_sums('lines', 'case_id') }}
),

listed as (
    select
        case_id,
        jsonb_agg(
            {{ ratio_text('amount_numerator', 'amount_denominator', 'round_digits', 'round_mode') }} order by line_no
        ) as line_amounts
    from lines
    group by case_id
),

final as (
    select
        cases.case_id,
        jsonb_build_object(
            'line_amounts', coalesce(listed.line_amounts, jsonb_build_array()),
            'round_then_sum', cast(coalesce(sums.round_then_sum, 0) as text),
            'sum_then_round', cast(coalesce(sums.sum_then_round, 0) as text)
        ) as outputs
    from cases
    left join listed on cases.case_id = listed.case_id
    left join sums on cases.case_id = sums.case_id
)

select * from final
