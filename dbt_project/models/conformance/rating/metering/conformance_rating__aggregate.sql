{%- set keys, tie_break = ['case_id'], ['event_no'] -%}
with

cases as (
    select
        case_id,
        inputs,
        {{ json_text('inputs', 'kind') }} as aggregation,
        {{ to_timestamp_utc(json_text('inputs', 'period', 0)) }} as starts_at,
        {{ to_timestamp_utc(json_text('inputs', 'period', 1)) }} as ends_at,
        {{ to_date(json_text('inputs', 'days', 0)) }} as first_day,
        {{ to_date(json_text('inputs', 'days', 1)) }} as end_day,
        {{ to_numeric(json_text('inputs', 'initial')) }} as initial_value,
        {{ to_numeric(json_text('inputs', 'multiplier')) }} as multiplier,
        coalesce(cast({{ json_text('inputs', 'floor_zero') }} as boolean), false) as floor_zero,
        {{ to_numeric(json_text('inputs', 'bucket_minutes')) }} as bucket_minutes,
        {{ to_numeric(json_text('inputs', 'denominator_seconds')) }} as denominator_seconds,
        coalesce(cast({{ json_text('inputs', 'round', 'digits') }} as integer), 0) as rounding_digits,
        {{ json_text('inputs', 'round', 'mode') }} as rounding_mode
    from {{ conformance_cases() }} as cases
),

listed_events as (
    select
        cases.*,
        events.element as event,
        events.position as event_no
    from cases
    cross join {{ json_array_elements(json_node('inputs', 'events'), 'events') }}
    union all
    select
        cases.*,
        events.element as event,
        events.position as event_no
    from cases
    cross join {{ json_array_elements(json_node('inputs', 'day_events'), 'events') }}
),

-- An event says its instant or its day; either gives the other.
dated_events as (
    select
        case_id,
        aggregation,
        starts_at,
        ends_at,
        first_day,
        end_day,
        bucket_minutes,
        event_no,
        {{ to_timestamp_utc(coalesced([json_text('event', 'at'), json_text('event', 'date')])) }} as occurred_at,
        {{ to_date(coalesced([json_text('event', 'date'), json_text('event', 'at')])) }} as usage_on,
        {{ to_numeric(json_text('event', 'value')) }} as quantity,
        {{ json_text('event', 'key') }} as event_key,
        {{ json_text('event', 'op') }} as operation
    from listed_events
),

events as (
    select
        case_id,
        aggregation,
        occurred_at,
        usage_on,
        {{ usage_bucket_no('occurred_at', 'bucket_minutes') }} as bucket_no,
        quantity,
        event_key,
        operation,
        event_no
    from dated_events
    where
        {{ in_period('occurred_at', 'starts_at', 'ends_at') }}
        and {{ in_period('usage_on', 'first_day', 'end_day') }}
),

states as (
    {{ usage_states('events', keys, tie_break) }}
),

-- Keys that a period starts with have left a state before it.
initial_states as (
    select
        cases.case_id,
        cases.first_day as usage_on,
        cast(0 as bigint) as bucket_no,
        {{ json_scalar_text('initial_keys.element') }} as part_key
    from cases
    cross join {{ json_array_elements(json_node('inputs', 'initial'), 'initial_keys') }}
),

all_states as (
    select
        states.*,
        false as is_initial
    from states
    union all
    select
        case_id,
        usage_on,
        bucket_no,
        part_key,
        0 as event_count,
        0 as quantity_count,
        null as quantity_sum,
        null as quantity_min,
        null as quantity_max,
        null as quantity_seconds,
        true as was_added,
        null as first_event_at,
        null as latest_at,
        null as latest_event_no,
        null as latest_quantity,
        true as is_present,
        true as is_initial
    from initial_states
),

measured as (
    {{ metered_quantities('cases', 'all_states', keys, tie_break) }}
),

final as (
    select
        measured.case_id,
        {{ json_object() }}(
            'value', {{ ratio_text(
                'measured.numerator', 'measured.denominator', 'cases.rounding_digits', 'cases.rounding_mode'
            ) }}
        ) as outputs
    from measured
    inner join cases on measured.case_id = cases.case_id
)

select * from final
