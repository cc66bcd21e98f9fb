with

cases as (
    select
        case_id,
        cast({{ json_text('inputs', 'start') }} as date) as start_on,
        cast({{ json_text('inputs', 'end') }} as date) as end_on,
        {{ case_months() }} as months,
        {{ case_days() }} as days
    from {{ conformance_cases() }} as cases
),

counted as (
    select
        case_id,
        {{ interval_index('start_on', day_of_month('start_on'), 'months', 'days', 'end_on') }} as periods
    from cases
),

final as (
    select
        case_id,
        {{ json_object() }}('periods', {{ text_of('greatest(periods, 0)') }}) as outputs
    from counted
)

select * from final
