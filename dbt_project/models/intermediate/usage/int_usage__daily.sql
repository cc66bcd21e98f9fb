{{ config(
    materialized='incremental',
    incremental_strategy=strategy_by_touch(),
    partition_by=divided_by('usage_on'),
    touched={'relation': 'touched_usage_keys', 'columns': ['account_id', 'meter_code', 'usage_on']},
    pre_hook="{{ make_touched_usage_keys() }}",
    post_hook="{{ remove_emptied_days() }}",
    indexes=[{'columns': ['account_id', 'meter_code', 'usage_on'], 'unique': true}],
) }}

{%- set days = touched_usage_partitions() %}
{#- Left out where no meter needs more of a day than its sum and count; dbt has to see what it reads when it parses. #}
{%- set has_detailed_types = detailed_event_types() or not execute %}

with

events as (
    {{ usage_events_of(days) }}
),

repeats as (
    {{ uncounted_copies_of(days) }}
),

zones as (
    select * from {{ ref('int_usage__account_zones') }}
),

zone_days as (
    select * from {{ ref('int_usage__zone_days') }}
),

meters as (
    select * from {{ ref('int_usage__meters') }}
),

-- is_conflict is null for the copies that count, false for exact repetitions, true for copies with another payload.
local_events as (
    select
        events.account_id,
        events.event_type,
        zone_days.usage_on,
        events.occurred_at,
        events.quantity,
        repeats.is_conflict
    from events
    left join zones on events.account_id = zones.account_id
    left join zone_days on {{ in_zone_day('events', "coalesce(zones.timezone, 'UTC')") }}
    left join repeats
        on
            events.occurred_on = repeats.occurred_on
            and events.load_id = repeats.load_id
            and events.line_no = repeats.line_no
),

-- Summed by fate first: few rows are left of which the counts then ask it, and not every event.
fates as (
    select
        local_events.account_id,
        local_events.event_type,
        local_events.usage_on,
        local_events.is_conflict,
        sum(local_events.quantity) as quantity_sum,
        count(*) as event_count,
        min(local_events.occurred_at) as first_event_at,
        max(local_events.occurred_at) as last_event_at
    from local_events
    {%- if is_incremental() %}
    where
        {{ is_touched_usage('local_events', 'event_type') }}
    {%- endif %}
    group by local_events.account_id, local_events.event_type, local_events.usage_on, local_events.is_conflict
),

counted as (
    select
        account_id,
        event_type,
        usage_on,
        sum(quantity_sum) filter (where is_conflict is null) as quantity_sum,
        cast(coalesce(sum(event_count) filter (where is_conflict is null), 0) as bigint) as event_count,
        cast(coalesce(sum(event_count) filter (where not is_conflict), 0) as bigint) as duplicate_count,
        cast(coalesce(sum(event_count) filter (where is_conflict), 0) as bigint) as conflict_count,
        min(first_event_at) filter (where is_conflict is null) as first_event_at,
        max(last_event_at) filter (where is_conflict is null) as last_event_at
    from fates
    group by account_id, event_type, usage_on
),

described as (
    select
        counted.*,
        coalesce(meters.meter_code, counted.event_type) as meter_code,
        coalesce(meters.aggregation, 'sum') as aggregation,
        coalesce(meters.is_detailed, false) as is_detailed,
        meters.meter_definition,
        meters.multiplier,
        meters.rounding_digits,
        meters.rounding_mode,
        coalesce(zones.timezone, 'UTC') as timezone
    from counted
    left join zones on counted.account_id = zones.account_id
    left join meters on counted.event_type = meters.event_type
),

plain_days as (
    {{ plain_quantities('described', ['account_id', 'meter_code', 'usage_on']) }}
),
{%- if has_detailed_types %}

-- Once a zone and day, not once an account.
zones_of_days as (
    select distinct
        timezone,
        usage_on
    from described
    where is_detailed
),

local_days as {{ once() }} (
    select
        timezone,
        usage_on,
        {{ start_of_local_day('usage_on', 'timezone') }} as starts_at,
        {{ start_of_local_day(add_days('usage_on', 1), 'timezone') }} as ends_at
    from zones_of_days
),

detailed_days as (
    select
        described.account_id,
        described.meter_code,
        described.usage_on,
        described.aggregation,
        described.multiplier,
        described.rounding_digits,
        described.rounding_mode,
        described.usage_on as first_day,
        {{ add_days('described.usage_on', 1) }} as end_day,
        local_days.starts_at,
        local_days.ends_at,
        cast(null as {{ exact_number() }}) as initial_value,
        cast(null as {{ exact_number() }}) as denominator_seconds,
        false as floor_zero
    from described
    inner join local_days on described.timezone = local_days.timezone and described.usage_on = local_days.usage_on
    where described.is_detailed
),

parts as (
    select
        parts.*,
        false as is_initial
    from {{ ref('int_usage__daily_parts') }} as parts
    {%- if is_incremental() %}
    where
        {{ is_touched_usage('parts', 'meter_code') }}
    {%- endif %}
),

detailed_quantities as (
    {{ metered_quantities(
        'detailed_days', 'parts', ['account_id', 'meter_code', 'usage_on'], usage_tie_break().split(',')
    ) }}
),
{%- endif %}

quantities as (
    select
        account_id,
        meter_code,
        usage_on,
        event_count as measured_count,
        quantity
    from plain_days
    {%- if has_detailed_types %}
    union all
    select
        account_id,
        meter_code,
        usage_on,
        event_count as measured_count,
        quantity
    from detailed_quantities
    {%- endif %}
),

final as (
    select
        described.account_id,
        described.meter_code,
        described.usage_on,
        described.timezone,
        described.event_type,
        described.aggregation,
        quantities.quantity,
        described.event_count,
        cast(quantities.measured_count as bigint) as measured_count,
        described.duplicate_count,
        described.conflict_count,
        described.first_event_at,
        described.last_event_at,
        case when not described.is_detailed then coalesce(described.quantity_sum, 0) end as quantity_sum,
        described.meter_definition
    from described
    inner join quantities
        on
            described.account_id = quantities.account_id
            and described.meter_code = quantities.meter_code
            and described.usage_on = quantities.usage_on
)

select * from final
