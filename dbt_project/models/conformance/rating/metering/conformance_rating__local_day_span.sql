with

cases as (
    select
        case_id,
        {{ to_timestamp_utc(json_text('inputs', 'from')) }} as from_at,
        {{ to_timestamp_utc(json_text('inputs', 'to')) }} as to_at,
        {{ json_text('inputs', 'timezone') }} as timezone
    from {{ conformance_cases() }} as cases
),

spans as (
    select
        case_id,
        {{ local_date('from_at', 'timezone') }} as from_on,
        {{ local_date('to_at', 'timezone') }} as to_on
    from cases
),

final as (
    select
        case_id,
        {{ json_object() }}('days', {{ text_of(days_between('from_on', 'to_on')) }}) as outputs
    from spans
)

select * from final
