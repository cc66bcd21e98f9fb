with

cases as (
    select * from {{ conformance_cases() }} as cases
),

periods as (
    select
        cases.case_id as right_id,
        given.position as period_no,
        {{ json_text('given.element', 'period') }} as period,
        cast({{ json_text('cases.inputs', 'allocated') }} as numeric) as allocated,
        cast({{ json_text('given.element', 'redeemed_to_date') }} as numeric) as redeemed_to_date,
        cast({{ json_text('given.element', 'expected_total') }} as numeric) as expected_total,
        coalesce(cast({{ json_text('cases.inputs', 'round_to') }} as numeric), 1) as round_to
    from cases
    cross join {{ json_array_elements(json_node('cases.inputs', 'periods'), 'given') }}
),

redeemed as (
    {{ redeemed_revenue('periods') }}
),

final as (
    select
        right_id as case_id,
        jsonb_build_object(
            'periods', jsonb_agg(
                jsonb_build_object(
                    'period', period, 'revenue', cast(revenue as text), 'liability', cast(liability as text)
                )
                order by period_no
            )
        ) as outputs
    from redeemed
    group by right_id
)

select * from final
