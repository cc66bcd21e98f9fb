with

cases as (
    select
        case_id,
        {{ json_text('inputs', 'window', 0) }} as window_start,
        {{ json_text('inputs', 'window', 1) }} as window_end,
        {{ to_timestamp_utc(json_text('inputs', 'at')) }} as occurred_at,
        coalesce({{ json_text('inputs', 'timezone') }}, 'UTC') as timezone
    from {{ conformance_cases() }} as cases
),

final as (
    select
        case_id,
        {{ json_object() }}('inside', {{ inside_time_of_day(
            'occurred_at', 'window_start', 'window_end', 'timezone'
        ) }}) as outputs
    from cases
)

select * from final
