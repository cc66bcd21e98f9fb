with

cases as (
    select
        case_id,
        cast({{ json_text('inputs', 'start') }} as date) as start_on,
        cast({{ json_text('inputs', 'at') }} as date) as on_date,
        {{ case_months() }} as months,
        {{ case_days() }} as days,
        case when {{ json_text('inputs', 'which') }} = 'previous' then 1 else 0 end as periods_back
    from {{ conformance_cases() }} as cases
),

numbered as {{ once() }} (
    select
        cases.*,
        {{ day_of_month('start_on') }} as anchor_day,
        {{ interval_index('start_on', day_of_month('start_on'), 'months', 'days', 'on_date') }} - periods_back
            as interval_no
    from cases
),

final as (
    select
        case_id,
        {{ json_object() }}(
            'from', {{ date_text(anchored_date('start_on', 'anchor_day', 'months', 'days', 'interval_no')) }},
            'to', {{ date_text(anchored_date('start_on', 'anchor_day', 'months', 'days', 'interval_no + 1')) }}
        ) as outputs
    from numbered
)

select * from final
