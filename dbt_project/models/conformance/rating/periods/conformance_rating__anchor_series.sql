with

cases as (
    select
        case_id,
        cast({{ json_text('inputs', 'start') }} as date) as start_on,
        cast({{ json_text('inputs', 'anchor_day') }} as integer) as anchor_day,
        {{ case_months() }} as months,
        {{ case_days() }} as days,
        cast({{ json_text('inputs', 'n') }} as integer) as steps
    from {{ conformance_cases() }} as cases
),

anchored as {{ once() }} (
    select
        cases.*,
        {{ first_anchor_date('start_on', 'anchor_day', 'months', 'days') }} as first_on
    from cases
),

boundaries as (
    select
        anchored.case_id,
        series.n,
        {{ anchored_date(
            'anchored.first_on', 'anchored.anchor_day', 'anchored.months', 'anchored.days', 'series.n'
        ) }} as boundary_on
    from anchored
    cross join {{ integer_series('0', 'anchored.steps - 1', 'series') }}
),

final as (
    select
        cases.case_id,
        {{ json_object() }}(
            'dates',
            {{ json_list(date_text('boundaries.boundary_on'), 'boundaries.n', 'boundaries.n is not null') }}
        ) as outputs
    from cases
    left join boundaries on cases.case_id = boundaries.case_id
    group by cases.case_id
)

select * from final
