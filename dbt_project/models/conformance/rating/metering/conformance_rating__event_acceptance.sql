with

cases as (
    select
        case_id,
        {{ to_timestamp_utc(json_text('inputs', 'event_at')) }} as occurred_at,
        {{ to_timestamp_utc(json_text('inputs', 'received_at')) }} as received_at,
        {{ to_numeric(json_text('inputs', 'max_past_seconds')) }} as max_past_seconds,
        {{ to_numeric(json_text('inputs', 'max_future_seconds')) }} as max_future_seconds
    from {{ conformance_cases() }} as cases
),

final as (
    select
        case_id,
        {{ json_object() }}('accepted', {{ is_accepted_event(
            'occurred_at', 'received_at', 'max_past_seconds', 'max_future_seconds'
        ) }}) as outputs
    from cases
)

select * from final
