{{ config(
    materialized='incremental',
    incremental_strategy=strategy_by_touch(),
    partition_by=divided_by('occurred_on'),
    touched={'relation': 'touched_usage_days', 'columns': ['occurred_on']},
    pre_hook="{{ find_repeated_identities() }}",
    indexes=[{'columns': ['occurred_on', 'load_id', 'line_no'], 'unique': true}],
) }}

with

events as (
    {{ usage_events_of(touched_usage_days()) }}
),

copies as (
    select
        events.*,
        {{ copy_number(
            ['events.occurred_on', 'events.source', 'events.event_id'],
            ['events.delivered_on', 'events.load_id', 'events.line_no'],
        ) }} as copy_no,
        count(*) over (partition by events.occurred_on, events.source, events.event_id) as copy_count
    from events
    inner join repeated_identities
        on
            events.occurred_on = repeated_identities.occurred_on
            and {{ identity_hash('events.source', 'events.event_id') }} = repeated_identities.identity_hash
),

first_copies as (
    select * from copies
    where copy_no = 1
),

final as (
    select
        copies.occurred_on,
        copies.source,
        copies.event_id,
        copies.copy_no,
        copies.event_type is distinct from first_copies.event_type
        or copies.account_id is distinct from first_copies.account_id
        or copies.occurred_at is distinct from first_copies.occurred_at
        or copies.quantity is distinct from first_copies.quantity
        or copies.dimensions is distinct from first_copies.dimensions as is_conflict,
        copies.event_type,
        copies.account_id,
        copies.occurred_at,
        copies.recorded_at,
        copies.quantity,
        first_copies.quantity as counted_quantity,
        copies.load_id,
        copies.line_no,
        copies.delivered_on
    from copies
    inner join first_copies
        on
            copies.occurred_on = first_copies.occurred_on
            and copies.source = first_copies.source
            and copies.event_id = first_copies.event_id
    where copies.copy_count > 1
)

select * from final
