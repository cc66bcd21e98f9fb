with

cases as (
    select * from {{ conformance_cases() }} as cases
),

weights as (
    select
        cases.case_id,
        weights.position,
        {{ numerator_of(json_scalar_text('weights.element')) }} as numerator,
        {{ denominator_of(json_scalar_text('weights.element')) }} as denominator,
        {{ exact_from_text(json_element_text(json_node('cases.inputs', 'tie_keys'), 'weights.position - 1')) }}
            as tie_key
    from cases
    cross join {{ json_array_elements(json_node('cases.inputs', 'weights'), 'weights') }}
),

denominators as (
    {{ common_denominators('weights', 'case_id', 'denominator') }}
),

items as (
    select
        weights.case_id as allocation_id,
        weights.position as item_no,
        weights.tie_key,
        weights.numerator * {{ whole_quotient('denominators.common_denominator', 'weights.denominator') }} as weight,
        {{ quotient(
            numerator_of(json_text('cases.inputs', 'total')), denominator_of(json_text('cases.inputs', 'total'))
        ) }} as total,
        coalesce(cast({{ json_text('cases.inputs', 'digits') }} as integer), 0) as digits
    from weights
    inner join cases on weights.case_id = cases.case_id
    inner join denominators on weights.case_id = denominators.case_id
),

allocated as (
    {{ allocate('items') }}
),

parts as (
    select
        allocation_id,
        {{ json_list(text_of('part'), 'item_no') }} as parts
    from allocated
    group by allocation_id
),

final as (
    select
        cases.case_id,
        {{ json_object() }}('parts', coalesce(parts.parts, {{ json_list_of([]) }})) as outputs
    from cases
    left join parts on cases.case_id = parts.allocation_id
)

select * from final
