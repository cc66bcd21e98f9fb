with

cases as (
    select
        case_id,
        cast({{ json_text('inputs', 'at') }} as {{ instant_type() }}) as asked_at,
        coalesce({{ json_text('inputs', 'timezone') }}, 'UTC') as timezone,
        {{ json_text('inputs', 'unit') }} as unit,
        coalesce({{ json_text('inputs', 'which') }}, 'containing') as which
    from {{ conformance_cases() }} as cases
),

asked as {{ once() }} (
    select
        cases.*,
        {{ local_date('asked_at', 'timezone') }} as asked_on
    from cases
),

located as {{ once() }} (
    select
        asked.*,
        {{ calendar_start('asked_on', 'unit') }} as containing_start_on
    from asked
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

ended as {{ once() }} (
    select
        started.*,
        {{ calendar_end('start_on', 'unit') }} as end_on
    from started
),

bounded as {{ once() }} (
    select
        ended.*,
        {{ start_of_local_day('start_on', 'timezone') }} as from_at,
        {{ start_of_local_day('end_on', 'timezone') }} as to_at
    from ended
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
