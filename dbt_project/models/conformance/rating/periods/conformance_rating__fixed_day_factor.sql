with

cases as (
    select
        case_id,
        {{ json_text('inputs', 'amount') }} as amount,
        cast({{ json_text('inputs', 'from') }} as date) as from_on,
        cast({{ json_text('inputs', 'to') }} as date) as to_on,
        cast({{ json_text('inputs', 'period', 0) }} as date) as period_start,
        cast({{ json_text('inputs', 'period', 1) }} as date) as period_end,
        cast({{ json_text('inputs', 'fixed_days') }} as integer) as fixed_days,
        {{ case_digits() }} as digits,
        {{ case_mode() }} as mode
    from {{ conformance_cases() }} as cases
),

counted as (
    select
        cases.*,
        {{ fixed_month_days('from_on', 'to_on', 'fixed_days') }} as days,
        coalesce(fixed_days, {{ days_between('period_start', 'period_end') }}) as whole_days
    from cases
),

final as (
    select
        case_id,
        {{ json_object() }}(
            'days', {{ text_of('days') }},
            'factor', {{ text_of(round_ratio_as('days', 'whole_days', '9', "'half_up'")) }},
            'amount', {{ prorated_text('amount', 'days', 'whole_days', 'digits', 'mode') }}
        ) as outputs
    from counted
)

select * from final
