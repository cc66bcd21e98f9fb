with

cases as (
    select
        case_id,
        {{ json_node('inputs', 'original') }} as original,
        {{ json_node('inputs', 'modification') }} as modification
    from {{ conformance_cases() }} as cases
),

contracts as (
    select
        case_id as contract_id,
        cast({{ json_text('original', 'price') }} as numeric) as price,
        cast({{ json_text('original', 'periods') }} as integer) as periods,
        cast({{ json_text('modification', 'after_periods') }} as integer) as after_periods,
        {{ json_text('modification', 'treatment') }} as treatment,
        cast(
            case {{ json_text('modification', 'treatment') }}
                when 'prospective' then {{ json_text('modification', 'remaining_price') }}
                when 'cumulative_catch_up' then {{ json_text('modification', 'total_price') }}
                else coalesce(
                    {{ json_text('modification', 'added_price') }}, {{ json_text('modification', 'price') }}
                )
            end as numeric
        ) as changed_price,
        cast(
            case {{ json_text('modification', 'treatment') }}
                when 'prospective' then {{ json_text('modification', 'remaining_periods') }}
                when 'cumulative_catch_up' then {{ json_text('modification', 'total_periods') }}
                else coalesce(
                    {{ json_text('modification', 'added_periods') }}, {{ json_text('modification', 'periods') }}
                )
            end as integer
        ) as changed_periods
    from cases
),

periods as (
    {{ modified_periods('contracts') }}
),

final as (
    select
        contract_id as case_id,
        jsonb_build_object('revenue_by_period', jsonb_agg(cast(revenue as text) order by period_no)) as outputs
    from periods
    group by contract_id
)

select * from final
