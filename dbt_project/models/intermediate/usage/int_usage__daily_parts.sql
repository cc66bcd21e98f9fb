{{ config(
    materialized='incremental',
    incremental_strategy=strategy_by_touch(),
    partition_by=divided_by('usage_on'),
    touched={'relation': 'touched_usage_keys', 'columns': ['account_id', 'meter_code', 'usage_on']},
    pre_hook="{{ make_touched_usage_keys(detailed_event_types()) }}",
    post_hook="{{ remove_emptied_days() }}",
    indexes=[{
        'columns': [
            'account_id', 'meter_code', 'usage_on', 'group_key', 'bucket_no', 'part_key', 'transaction_key', 'known_at',
        ],
        'unique': true,
    }],
) }}

{%- set event_types = detailed_event_types() %}
{%- set days = touched_usage_partitions() if event_types else [] %}

{%- set only_touched = 'and ' ~ is_touched_usage('zoned', 'event_type') %}
with

events as (
    {{ usage_events_of(days, event_types) }}
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
    where is_detailed
),

zoned as (
    select
        events.*,
        meters.meter_code,
        meters.meter_definition,
        meters.aggregation,
        meters.key_field,
        meters.operation_field,
        meters.bucket_minutes,
        meters.window_start,
        meters.window_end,
        meters.group_fields,
        meters.filter_values,
        meters.is_per_transaction,
        coalesce(zones.timezone, 'UTC') as timezone,
        zone_days.usage_on,
        {{ recorded_instant('events.recorded_at', 'events.delivered_on') }} as known_from
    from events
    inner join meters on events.event_type = meters.event_type
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

measured as (
    select *
    from zoned
    where
        {{ in_hours_of_meter('zoned') }}
        and {{ passes_filters_of_meter('zoned') }}
        {{ only_touched if is_incremental() }}
),

-- Late events stay apart from the others of their day, each instant on its own, so that a cut-off can leave them out.
keyed as (
    select
        account_id,
        event_type,
        meter_code,
        meter_definition,
        timezone,
        aggregation,
        usage_on,
        occurred_at,
        quantity,
        {{ readings_of_meter('zoned') }},
        delivered_on,
        cast(load_id as {{ text_type() }}) as load_id,
        line_no
    from measured as zoned
),

final as (
    {{ usage_states('keyed', [
        'account_id', 'event_type', 'meter_code', 'meter_definition', 'timezone', 'group_key', 'transaction_key',
        'known_at',
    ], usage_tie_break().split(',')) }}
)

select * from final
