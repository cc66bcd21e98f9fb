{{ config(
    materialized='incremental',
    incremental_strategy='replace_touched',
    touched={'relation': 'touched_usage_keys', 'columns': ['account_id', 'meter_code', 'usage_on']},
    pre_hook="{{ make_touched_usage_keys(detailed_event_types()) }}",
    indexes=[{
        'columns': [
            'account_id', 'meter_code', 'usage_on', 'group_key', 'bucket_no', 'part_key', 'transaction_key', 'known_at',
        ],
        'unique': true,
    }],
) }}

{%- set event_types = detailed_event_types() %}
{%- set days = touched_usage_partitions() if event_types else [] %}

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
        {{ local_date('events.occurred_at', "coalesce(zones.timezone, 'UTC')") }} as usage_on,
        {{ recorded_instant('events.recorded_at', 'events.delivered_on') }} as known_from
    from events
    inner join meters on events.event_type = meters.event_type
    left join zones on events.account_id = zones.account_id
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
        (window_start is null or {{ inside_time_of_day('occurred_at', 'window_start', 'window_end', 'timezone') }})
        and (
            filter_values is null
            or {{ passes_filters('dimensions', ref('int_usage__meter_filters'), 'meter_code', 'zoned.meter_code') }}
        )
        {%- if is_incremental() %}
        and exists (
            select 1
            from touched_usage_keys as touched
            where
                touched.account_id = zoned.account_id
                and touched.event_type = zoned.event_type
                and touched.usage_on = zoned.usage_on
        )
        {%- endif %}
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
        case
            when key_field is null then coalesce({{ json_as_text('dimensions') }}, cast(quantity as text))
            else {{ json_field('dimensions', 'key_field') }}
        end as event_key,
        {{ json_field('dimensions', 'operation_field') }} as operation,
        case
            when group_fields is null then ''
            else {{ group_key_of('dimensions', ref('int_usage__meter_groups'), 'meter_code', 'zoned.meter_code') }}
        end as group_key,
        case when is_per_transaction then cast(load_id as text) || '|' || cast(line_no as text) else '' end
            as transaction_key,
        {{ usage_bucket_no('occurred_at', 'bucket_minutes') }} as bucket_no,
        case
            when {{ is_late('known_from', 'usage_on', 'timezone') }} then known_from
            else {{ start_of_utc_day('usage_on') }}
        end as known_at,
        delivered_on,
        cast(load_id as text) as load_id,
        line_no
    from measured as zoned
),

final as (
    {{ usage_states('keyed', [
        'account_id', 'event_type', 'meter_code', 'meter_definition', 'timezone', 'group_key', 'transaction_key', 'known_at',
    ], usage_tie_break()) }}
)

select * from final
