with

cases as (
    select
        case_id,
        inputs,
        cast({{ json_text('inputs', 'price') }} as numeric) as price,
        cast({{ json_text('inputs', 'discount_group', 'bundle_price') }} as numeric) as group_price,
        {{ json_node('inputs', 'discount_group', 'ids') }} as group_ids,
        {{ json_text('inputs', 'residual') }} as residual_id,
        coalesce(cast({{ json_text('inputs', 'round_to') }} as numeric), 1) as round_to
    from {{ conformance_cases() }} as cases
),

obligations as (
    select
        cases.case_id as contract_id,
        given.position as obligation_no,
        {{ json_text('given.element', 'id') }} as obligation_id,
        cases.price,
        cast({{ json_text('given.element', 'ssp') }} as numeric) as standalone_price,
        cases.round_to,
        cases.group_price,
        coalesce(cases.group_ids ? {{ json_text('given.element', 'id') }}, false) as is_in_group,
        coalesce({{ json_text('given.element', 'id') }} = cases.residual_id, false) as is_residual
    from cases
    cross join {{ json_array_elements(json_node('cases.inputs', 'obligations'), 'given') }}
),

allocated as (
    {{ allocate_price('obligations') }}
),

final as (
    select
        contract_id as case_id,
        jsonb_build_object('allocation', jsonb_object_agg(obligation_id, cast(allocated as text))) as outputs
    from allocated
    group by contract_id
)

select * from final
