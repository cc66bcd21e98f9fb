{{ config(
    materialized='incremental',
    incremental_strategy='replace_touched',
    touched={'relation': 'touched_usage_days', 'columns': ['occurred_on']},
    pre_hook="{{ make_touched_usage_days() }}",
    indexes=[{'columns': ['source', 'occurred_on'], 'unique': true}],
) }}

with

events as (
    {{ usage_events_of(touched_usage_days()) }}
),

repeats as (
    select * from {{ ref('int_usage__event_repeats') }}
    where copy_no > 1
),

-- A copy of an event that came before is not counted again.
final as (
    select
        events.source,
        events.occurred_on,
        count(*) as event_count,
        sum(events.quantity) as quantity_sum
    from events
    left join repeats
        on
            events.occurred_on = repeats.occurred_on
            and events.load_id = repeats.load_id
            and events.line_no = repeats.line_no
    where repeats.load_id is null
    group by events.source, events.occurred_on
)

select * from final
