with

cases as {{ once() }} (
    select
        case_id,
        {{ json_text('inputs', 'amount') }} as amount,
        {{ local_date(
            'cast(' ~ json_text('inputs', 'started_at') ~ ' as ' ~ instant_type() ~ ')',
            json_text('inputs', 'timezone')
        ) }} as started_on,
        replace({{ json_text('inputs', 'period') }}, 'calendar_', '') as unit,
        {{ case_digits() }} as digits,
        {{ case_mode() }} as mode
    from {{ conformance_cases() }} as cases
),

started as {{ once() }} (
    select
        cases.*,
        {{ calendar_start('started_on', 'unit') }} as unit_start_on
    from cases
),

counted as (
    select
        started.*,
        {{ days_between('started_on', calendar_end('unit_start_on', 'unit')) }} as active_days,
        {{ days_between('unit_start_on', calendar_end('unit_start_on', 'unit')) }} as period_days
    from started
),

final as (
    select
        case_id,
        {{ json_object() }}(
            'active_days', {{ text_of('active_days') }},
            'amount', {{ prorated_text('amount', 'active_days', 'period_days', 'digits', 'mode') }}
        ) as outputs
    from counted
)

select * from final
