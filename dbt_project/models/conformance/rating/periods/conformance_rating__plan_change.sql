with

cases as (
    select
        case_id,
        {{ json_text('inputs', 'old_amount') }} as old_amount,
        {{ json_text('inputs', 'new_amount') }} as new_amount,
        cast({{ json_text('inputs', 'period', 0) }} as date) as period_start,
        cast({{ json_text('inputs', 'period', 1) }} as date) as period_end,
        cast({{ json_text('inputs', 'change') }} as date) as change_on,
        {{ case_digits() }} as digits,
        {{ case_mode() }} as mode
    from {{ conformance_cases() }} as cases
),

counted as (
    select
        cases.*,
        {{ common_days('period_start', 'period_end', 'change_on', 'period_end') }} as remaining_days,
        {{ days_between('period_start', 'period_end') }} as period_days
    from cases
),

settled as (
    select
        counted.*,
        {{ prorated_as('old_amount', 'remaining_days', 'period_days', 'digits', 'mode') }} as credit,
        {{ prorated_as('new_amount', 'remaining_days', 'period_days', 'digits', 'mode') }} as charge
    from counted
),

final as (
    select
        case_id,
        {{ json_object() }}(
            'credit', {{ text_of('credit') }},
            'charge', {{ text_of('charge') }},
            'net', {{ text_of('charge - credit') }},
            'remaining_days', {{ text_of('remaining_days') }}
        ) as outputs
    from settled
)

select * from final
