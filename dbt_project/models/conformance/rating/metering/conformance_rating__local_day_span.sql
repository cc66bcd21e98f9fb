with

cases as (
    select
        case_id,
        {{ to_timestamp_utc(json_text('inputs', 'from')) }} as from_at,
        {{ to_timestamp_utc(json_text('inputs', 'to')) }} as to_at,
        {{ json_text('inputs', 'timezone') }} as timezone
    from {{ conformance_cases() }} as cases
),

final as (
    select
        case_id,
        {{ json_object() }}('days', cast(
            {{ days_between(local_date('from_at', 'timezone'), local_date('to_at', 'timezone')) }} as text
        )) as outputs
    from cases
)

select * from final
