with

cases as (
    select
        case_id,
        {{ json_text('inputs', 'amount') }} as amount,
        cast({{ json_text('inputs', 'period', 0) }} as date) as period_start,
        cast({{ json_text('inputs', 'period', 1) }} as date) as period_end,
        cast({{ json_text('inputs', 'active', 0) }} as date) as active_start,
        cast({{ json_text('inputs', 'active', 1) }} as date) as active_end,
        {{ case_digits() }} as digits,
        {{ case_mode() }} as mode
    from {{ conformance_cases() }} as cases
),

counted as (
    select
        cases.*,
        {{ common_days('period_start', 'period_end', 'active_start', 'active_end') }} as active_days,
        {{ days_between('period_start', 'period_end') }} as period_days
    from cases
),

final as (
    select
        case_id,
        {{ json_object() }}(
            'active_days', {{ text_of('active_days') }},
            'period_days', {{ text_of('period_days') }},
            'amount', {{ prorated_text('amount', 'active_days', 'period_days', 'digits', 'mode') }}
        ) as outputs
    from counted
)

select * from final
