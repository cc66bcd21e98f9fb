with

cases as (
    select
        case_id,
        inputs,
        {{ json_node('inputs', 'price') }} as price,
        {{ json_node('inputs', 'buckets') }} as buckets
    from {{ conformance_cases() }} as cases
),

given_buckets as (
    select
        cases.case_id,
        cases.inputs,
        cases.price,
        buckets.position as line_no,
        {{ json_text('buckets.element') }} as quantity
    from cases
    cross join {{ json_array_elements('cases.buckets', 'buckets') }}
),

lines as (
    select
        case_id,
        line_no,
        price,
        {{ numerator_of('quantity') }} as quantity,
        cast(0 as {{ exact_number() }}) as billed,
        {{ denominator_of('quantity') }} as quantity_denominator,
        {{ rounding_digits_of('price', 'inputs') }} as round_digits,
        {{ rounding_mode_of('price', 'inputs') }} as round_mode
    from given_buckets
),

rated as (
    {{ rated_case_lines('lines') }}
),

scales as (
    select
        case_id,
        {{ least_common_multiple_of(denominator_of('amount')) }} as scale
    from rated
    group by case_id
),

totals as (
    select
        rated.case_id,
        scales.scale,
        sum({{ in_scale('rated.amount', 'scales.scale') }}) as amount_numerator,
        {{ json_list('rated.amount', 'rated.line_no') }} as bucket_amounts
    from rated
    inner join scales on rated.case_id = scales.case_id
    group by rated.case_id, scales.scale
),

final as (
    select
        cases.case_id,
        {{ json_object() }}(
            'amount', coalesce({{ ratio_text('totals.amount_numerator', 'totals.scale') }}, '0'),
            'bucket_amounts', coalesce(totals.bucket_amounts, {{ json_list_of([]) }})
        ) as outputs
    from cases
    left join totals on cases.case_id = totals.case_id
)

select * from final
