with

cases as (
    select
        case_id,
        cast({{ json_text('inputs', 'start') }} as date) as start_on,
        {{ case_months() }} as months,
        {{ case_days() }} as days,
        cast({{ json_text('inputs', 'n') }} as integer) as steps
    from {{ conformance_cases() }} as cases
),

boundaries as (
    select
        cases.case_id,
        series.n,
        {{ anchored_date('cases.start_on', day_of_month('cases.start_on'), 'cases.months', 'cases.days', 'series.n') }}
            as boundary_on
    from cases
    cross join {{ integer_series('1', 'cases.steps', 'series') }}
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
