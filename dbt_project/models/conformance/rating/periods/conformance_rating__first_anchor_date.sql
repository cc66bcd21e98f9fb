with

cases as (
    select
        case_id,
        cast({{ json_text('inputs', 'start') }} as date) as start_on,
        cast({{ json_text('inputs', 'anchor_day') }} as integer) as anchor_day,
        {{ case_months() }} as months,
        {{ case_days() }} as days
    from {{ conformance_cases() }} as cases
),

final as (
    select
        case_id,
        {{ json_object() }}(
            'date', {{ date_text(first_anchor_date('start_on', 'anchor_day', 'months', 'days')) }}
        ) as outputs
    from cases
)

select * from final
