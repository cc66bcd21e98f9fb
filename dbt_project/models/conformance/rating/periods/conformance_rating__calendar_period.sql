with

cases as (
    select
        case_id,
        cast({{ json_text('inputs', 'at') }} as timestamp with time zone) as asked_at,
        coalesce({{ json_text('inputs', 'timezone') }}, 'UTC') as timezone,
        {{ json_text('inputs', 'unit') }} as unit,
        coalesce({{ json_text('inputs', 'which') }}, 'containing') as which
    from {{ conformance_cases() }} as cases
),

located as {{ once() }} (
    select
        cases.*,
        {{ calendar_start(local_date('asked_at', 'timezone'), 'unit') }} as containing_start_on
    from cases
),

started as {{ once() }} (
    select
        located.*,
        case
            when which = 'previous' then {{ calendar_start(add_days('containing_start_on', -1), 'unit') }}
            else containing_start_on
        end as start_on
    from located
),

bounded as {{ once() }} (
    select
        started.*,
        {{ start_of_local_day('start_on', 'timezone') }} as from_at,
        {{ start_of_local_day(calendar_end('start_on', 'unit'), 'timezone') }} as to_at
    from started
),

final as (
    select
        case_id,
        {{ json_object() }}(
            'from', {{ instant_text('from_at') }},
            'to', {{ instant_text('to_at') }},
            'hours', {{ ratio_text(seconds_between('from_at', 'to_at'), '3600') }}
        ) as outputs
    from bounded
)

select * from final
