with

cases as (
    select
        case_id,
        inputs,
        {{ json_node('inputs', 'price') }} as price,
        {{ json_node('inputs', 'quantities') }} as quantities,
        {{ json_text('inputs', 'max') }} as maximum_amount,
        {{ json_text('inputs', 'min') }} as minimum_amount
    from {{ conformance_cases() }} as cases
),

given_snapshots as (
    select
        cases.case_id,
        cases.inputs,
        cases.price,
        snapshots.position as line_no,
        {{ json_text('snapshots.element') }} as quantity
    from cases
    cross join {{ json_array_elements('cases.quantities', 'snapshots') }}
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
    from given_snapshots
),

rated as (
    {{ rated_case_lines('lines') }}
),

scales as (
    select
        cases.case_id,
        {{ least_common_multiple_of(denominator_of('rated.amount')) }}
        * max({{ denominator_of('cases.maximum_amount') }})
        * max({{ denominator_of('cases.minimum_amount') }}) as scale
    from cases
    left join rated on cases.case_id = rated.case_id
    group by cases.case_id
),

cumulative as (
    select
        rated.case_id,
        rated.line_no,
        scales.scale,
        {{ in_scale('rated.amount', 'scales.scale') }} as amount,
        cast(0 as {{ exact_number() }}) as previously_billed,
        {{ in_scale('cases.maximum_amount', 'scales.scale') }} as maximum_amount,
        {{ in_scale('cases.minimum_amount', 'scales.scale') }} as minimum_amount,
        lead(rated.line_no) over (partition by rated.case_id order by rated.line_no) is null as is_last_line
    from rated
    inner join cases on rated.case_id = cases.case_id
    inner join scales on rated.case_id = scales.case_id
),

bounded as (
    {{ bounded_amounts('cumulative') }}
),

snapshots as (
    select
        case_id,
        case_id as line_id,
        line_no as snapshot_no,
        scale,
        bounded_amount as cumulative_amount
    from bounded
),

deltas as (
    {{ rating_deltas('snapshots') }}
),

totals as (
    select
        case_id,
        scale,
        sum(delta_amount) as net_amount,
        {{ json_list(ratio_text('delta_amount', 'scale'), 'snapshot_no') }} as deltas
    from deltas
    group by case_id, scale
),

final as (
    select
        cases.case_id,
        {{ json_object() }}(
            'deltas', coalesce(totals.deltas, {{ json_list_of([]) }}),
            'net', coalesce({{ ratio_text('totals.net_amount', 'totals.scale') }}, '0')
        ) as outputs
    from cases
    left join totals on cases.case_id = totals.case_id
)

select * from final
