with

cases as (
    select
        case_id,
        cast({{ json_text('inputs', 'from') }} as date) as from_on,
        cast({{ json_text('inputs', 'anchor_day') }} as integer) as anchor_day,
        {{ case_months() }} as months,
        {{ case_days() }} as days
    from {{ conformance_cases() }} as cases
),

final as (
    select
        case_id,
        {{ json_object() }}(
            'date',
            {{ date_text(anchored_date(
                'from_on', 'coalesce(anchor_day, ' ~ day_of_month('from_on') ~ ')', 'months', 'days', '1'
            )) }}
        ) as outputs
    from cases
)

select * from final
