with

cases as (
    select * from {{ conformance_cases() }} as cases
),

contracts as (
    select
        case_id,
        'before' as estimate,
        cast({{ json_text('inputs', 'price') }} as numeric) as price,
        cast({{ json_text('inputs', 'cost_to_date') }} as numeric) as cost_to_date,
        cast({{ json_text('inputs', 'cost_total') }} as numeric) as cost_total,
        cast({{ json_text('inputs', 'percent_decimals') }} as integer) as percent_decimals
    from cases
    union all
    select
        case_id,
        'after' as estimate,
        cast(coalesce(
            {{ json_text('inputs', 'revised_price') }}, {{ json_text('inputs', 'price') }}
        ) as numeric) as price,
        cast({{ json_text('inputs', 'cost_to_date') }} as numeric) as cost_to_date,
        cast(coalesce(
            {{ json_text('inputs', 'revised_cost_total') }}, {{ json_text('inputs', 'cost_total') }}
        ) as numeric) as cost_total,
        cast({{ json_text('inputs', 'percent_decimals') }} as integer) as percent_decimals
    from cases
),

measured as (
    {{ cost_to_cost_revenue('contracts') }}
),

final as (
    select
        before.case_id,
        jsonb_build_object(
            'revenue_to_date_before', cast(before.revenue_to_date as text),
            'revenue_to_date_after', cast(after.revenue_to_date as text),
            'catch_up', cast(after.revenue_to_date - before.revenue_to_date as text)
        ) as outputs
    from measured as before
    inner join measured as after on before.case_id = after.case_id and after.estimate = 'after'
    where before.estimate = 'before'
)

select * from final
