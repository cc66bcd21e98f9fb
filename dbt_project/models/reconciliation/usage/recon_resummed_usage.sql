{{ config(
    materialized='incremental',
    incremental_strategy=strategy_by_touch(),
    partition_by=divided_by('occurred_on'),
    touched={'relation': 'touched_resummed_days', 'columns': ['occurred_on']},
    pre_hook="{{ make_touched_resummed_days() }}",
    indexes=[
        {'columns': ['occurred_on', 'source', 'account_id', 'event_type', 'usage_on', 'load_id'], 'unique': true},
        {'columns': ['account_id']},
    ],
) }}

{%- set days = resummed_usage_days() %}

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

-- A copy of an event that came before is not counted again.
counted as (
    select
        events.occurred_on,
        events.source,
        events.account_id,
        events.event_type,
        coalesce(zones.timezone, 'UTC') as timezone,
        zone_days.usage_on,
        events.load_id,
        events.quantity
    from events
    left join zones on events.account_id = zones.account_id
    left join zone_days on {{ in_zone_day('events', "coalesce(zones.timezone, 'UTC')") }}
    where
        not exists (
            select 1
            from repeats
            where
                repeats.occurred_on = events.occurred_on
                and repeats.load_id = events.load_id
                and repeats.line_no = events.line_no
        )
),

final as (
    select
        occurred_on,
        source,
        account_id,
        event_type,
        timezone,
        usage_on,
        load_id,
        count(*) as event_count,
        sum(quantity) as quantity_sum,
        max(quantity) as quantity_max
    from counted
    group by occurred_on, source, account_id, event_type, timezone, usage_on, load_id
)

select * from final
