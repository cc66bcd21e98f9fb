with

contracts as (
    select
        case_id,
        cast({{ json_text('inputs', 'units') }} as numeric) as units,
        cast({{ json_text('inputs', 'unit_price') }} as numeric) as unit_price,
        cast({{ json_text('inputs', 'delivered') }} as numeric) as delivered,
        cast({{ json_text('inputs', 'added_units') }} as numeric) as added_units,
        cast({{ json_text('inputs', 'added_price') }} as numeric) as added_price,
        {{ json_text('inputs', 'treatment') }} as treatment
    from {{ conformance_cases() }} as cases
),

modified as (
    {{ modified_units('contracts') }}
),

final as (
    select
        case_id,
        jsonb_build_object(
            'remaining_original_unit', cast(remaining_unit as text),
            'added_unit', cast(added_unit as text),
            'remaining_total', cast(remaining_total as text),
            'catch_up', cast(catch_up as text),
            'revenue_total', cast(revenue_total as text)
        ) as outputs
    from modified
)

select * from final
