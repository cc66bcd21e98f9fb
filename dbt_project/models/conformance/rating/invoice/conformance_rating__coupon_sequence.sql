{%- set used = ["coalesce(" ~ numerator_of(json_text('given.element', 'already_used')) ~ ", 0)",
                denominator_of(json_text('given.element', 'already_used'))] -%}
{%- set worth = [
    numerator_of(json_text('given.element', 'value')), denominator_of(json_text('given.element', 'value')),
] -%}
with

cases as (
    select
        case_id as document_id,
        inputs,
        {{ numerator_of(json_text('inputs', 'subtotal')) }} as amount_numerator,
        {{ denominator_of(json_text('inputs', 'subtotal')) }} as scale,
        cast({{ json_text('inputs', 'round', 'digits') }} as integer) as digits,
        {{ json_text('inputs', 'round', 'mode') }} as mode
    from {{ conformance_cases() }} as cases
),

lines as (
    select
        cases.*,
        0 as line_no
    from cases
),

coupons as (
    select
        cases.document_id,
        row_number() over (
            partition by cases.document_id
            order by
                {{ coupon_order(json_text('cases.inputs', 'order'), json_text('given.element', 'type')) }},
                given.position
        ) as coupon_no,
        {{ json_text('given.element', 'type') }} as kind,
        {{ coupon_left(json_text('given.element', 'type'), *(worth + used)) }} as value_numerator,
        {{ worth[1] }} * {{ used[1] }} as value_denominator,
        'exact' as allocation,
        cases.digits,
        cases.mode
    from cases
    cross join {{ json_array_elements(json_node('cases.inputs', 'coupons'), 'given') }}
),

scopes as (
    select
        document_id,
        coupon_no,
        0 as line_no
    from coupons
),

walk as (
    {{ take_coupons('lines', 'coupons', 'scopes', most_case_coupons()) }}
),

taken as (
    select
        document_id,
        {{ json_list(ratio_text('taken_numerator', 'scale'), 'coupon_no') }} as applied
    from walk
    where coupon_no > 0
    group by document_id
),

final as (
    select
        lines.document_id as case_id,
        {{ json_object() }}(
            'discount', {{ ratio_text(
                'lines.amount_numerator * walk.scale - walk.held_numerator * lines.scale', 'walk.scale * lines.scale'
            ) }},
            'remaining', {{ ratio_text('walk.held_numerator', 'walk.scale') }},
            'applied', coalesce(taken.applied, {{ json_list_of([]) }})
        ) as outputs
    from lines
    inner join walk on lines.document_id = walk.document_id and walk.is_last
    left join taken on lines.document_id = taken.document_id
)

select * from final
