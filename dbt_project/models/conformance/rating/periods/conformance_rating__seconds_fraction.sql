with

cases as (
    select
        case_id,
        {{ json_text('inputs', 'amount') }} as amount,
        cast({{ json_text('inputs', 'period', 0) }} as {{ instant_type() }}) as period_start,
        cast({{ json_text('inputs', 'period', 1) }} as {{ instant_type() }}) as period_end,
        cast({{ json_text('inputs', 'from') }} as {{ instant_type() }}) as from_at,
        {{ case_digits() }} as digits,
        {{ case_mode() }} as mode
    from {{ conformance_cases() }} as cases
),

counted as (
    select
        cases.*,
        {{ common_seconds('period_start', 'period_end', 'from_at', 'period_end') }} as seconds_left,
        {{ seconds_between('period_start', 'period_end') }} as period_seconds
    from cases
),

final as (
    select
        case_id,
        {{ json_object() }}(
            'fraction', {{ ratio_text('seconds_left', 'period_seconds') }},
            'amount', {{ prorated_text('amount', 'seconds_left', 'period_seconds', 'digits', 'mode') }}
        ) as outputs
    from counted
)

select * from final
