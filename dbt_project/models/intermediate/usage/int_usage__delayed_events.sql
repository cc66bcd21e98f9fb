{{ config(
    materialized='incremental',
    incremental_strategy=strategy_by_touch(),
    partition_by=divided_by('occurred_on'),
    touched={'relation': 'touched_usage_days', 'columns': ['occurred_on']},
    pre_hook="{{ make_touched_usage_days() }}",
    indexes=[{'columns': ['occurred_on', 'source', 'event_id'], 'unique': true}],
) }}

{%- set days = touched_usage_days() %}

{#- No zone is asked here: 22 hours are less than a local day's shortest distance to the end of the next one. -#}
with

events as (
    {{ usage_events_of(days) }}
),

repeats as (
    {{ uncounted_copies_of(days) }}
),

delayed as (
    select *
    from events
    where {{ recorded_instant('recorded_at', 'delivered_on') }} > {{ add_hours('occurred_at', 22) }}
),

final as (
    select
        delayed.occurred_on,
        delayed.source,
        delayed.event_id,
        delayed.event_type,
        delayed.account_id,
        delayed.occurred_at,
        {{ recorded_instant('delayed.recorded_at', 'delayed.delivered_on') }} as recorded_at,
        delayed.quantity,
        delayed.dimensions,
        delayed.load_id,
        delayed.line_no,
        delayed.delivered_on
    from delayed
    where
        not exists (
            select 1
            from repeats
            where
                repeats.occurred_on = delayed.occurred_on
                and repeats.load_id = delayed.load_id
                and repeats.line_no = delayed.line_no
        )
)

select * from final
