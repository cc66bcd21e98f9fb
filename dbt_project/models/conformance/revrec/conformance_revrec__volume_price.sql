with

cases as (
    select * from {{ conformance_cases() }} as cases
),

periods as (
    select
        cases.case_id as contract_id,
        given.position as period_no,
        cast({{ json_text('given.element', 'units') }} as numeric) as units,
        cast({{ json_text('given.element', 'unit_price') }} as numeric) as unit_price
    from cases
    cross join {{ json_array_elements(json_node('cases.inputs', 'quarters'), 'given') }}
),

earned as (
    {{ volume_price_revenue('periods') }}
),

final as (
    select
        contract_id as case_id,
        jsonb_build_object('revenue_by_period', jsonb_agg(cast(revenue as text) order by period_no)) as outputs
    from earned
    group by contract_id
)

select * from final
