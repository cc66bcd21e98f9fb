{{ config(
    materialized='incremental',
    incremental_strategy='replace_touched',
    touched={'relation': 'touched_usage_keys', 'columns': ['account_id', 'meter_code', 'usage_on']},
    pre_hook="{{ make_touched_usage_keys() }}",
    indexes=[{'columns': ['account_id', 'meter_code', 'usage_on'], 'unique': true}],
) }}

{%- set days = touched_usage_partitions() %}

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

meters as (
    select * from {{ ref('int_usage__meters') }}
),

-- is_conflict is null for the copies that count, false for exact repetitions, true for copies with another payload.
local_events as (
    select
        events.account_id,
        events.event_type,
        {{ local_date('events.occurred_at', "coalesce(zones.timezone, 'UTC')") }} as usage_on,
        events.occurred_at,
        events.quantity,
        repeats.is_conflict
    from events
    left join zones on events.account_id = zones.account_id
    left join repeats
        on
            events.occurred_on = repeats.occurred_on
            and events.load_id = repeats.load_id
            and events.line_no = repeats.line_no
),

counted as (
    select
        local_events.account_id,
        local_events.event_type,
        local_events.usage_on,
        sum(local_events.quantity) filter (where local_events.is_conflict is null) as quantity_sum,
        max(local_events.quantity) filter (where local_events.is_conflict is null) as quantity_max,
        count(*) filter (where local_events.is_conflict is null) as event_count,
        count(*) filter (where not local_events.is_conflict) as duplicate_count,
        count(*) filter (where local_events.is_conflict) as conflict_count,
        min(local_events.occurred_at) filter (where local_events.is_conflict is null) as first_event_at,
        max(local_events.occurred_at) filter (where local_events.is_conflict is null) as last_event_at
    from local_events
    {%- if is_incremental() %}
    where
        exists (
            select 1
            from touched_usage_keys as touched
            where
                touched.account_id = local_events.account_id
                and touched.event_type = local_events.event_type
                and touched.usage_on = local_events.usage_on
        )
    {%- endif %}
    group by local_events.account_id, local_events.event_type, local_events.usage_on
),

-- Only meters that ask for an order or for distinct values pay for them.
ordered as (
    {{ usage_daily_ordered(days) }}
),

final as (
    select
        counted.account_id,
        coalesce(meters.meter_code, counted.event_type) as meter_code,
        counted.usage_on,
        coalesce(zones.timezone, 'UTC') as timezone,
        counted.event_type,
        coalesce(meters.aggregation, 'sum') as aggregation,
        coalesce(case meters.aggregation
            when 'count' then cast(counted.event_count as numeric)
            when 'max' then counted.quantity_max
            when 'unique' then cast(ordered.distinct_count as numeric)
            when 'latest' then ordered.latest_quantity
            else counted.quantity_sum
        end, 0) as quantity,
        counted.event_count,
        counted.duplicate_count,
        counted.conflict_count,
        counted.first_event_at,
        counted.last_event_at
    from counted
    left join zones on counted.account_id = zones.account_id
    left join meters on counted.event_type = meters.event_type
    left join ordered
        on
            counted.account_id = ordered.account_id
            and counted.event_type = ordered.event_type
            and counted.usage_on = ordered.usage_on
)

select * from final
