with

subscriptions as (
    select * from {{ latest_version(source('stripe', 'subscriptions')) }} as latest
),

events as (
    select * from {{ latest_version(source('stripe', 'events')) }} as latest
    where {{ json_text('payload', 'type') }} in (
        'customer.subscription.created', 'customer.subscription.updated', 'customer.subscription.deleted',
        'customer.subscription.paused', 'customer.subscription.resumed'
    )
),

from_events as (
    select
        {{ json_text('payload', 'data', 'object', 'id') }} as subscription_id,
        record_id as event_id,
        {{ json_text('payload', 'type') }} as event_type,
        {{ epoch_to_timestamp(json_text('payload', 'created')) }} as valid_from,
        case {{ json_text('payload', 'type') }}
            when 'customer.subscription.created' then 0
            when 'customer.subscription.deleted' then 2
            else 1
        end as event_rank,
        {{ json_node('payload', 'data', 'object') }} as snapshot,
        load_id,
        line_no,
        delivered_on
    from events
),

-- A subscription whose events were never delivered (older than the feed reaches) has one version: the object itself.
from_objects as (
    select
        record_id as subscription_id,
        record_id as event_id,
        'subscription' as event_type,
        {{ epoch_to_timestamp(coalesced([json_text('payload', 'start_date'), json_text('payload', 'created')])) }}
            as valid_from,
        0 as event_rank,
        payload as snapshot,
        load_id,
        line_no,
        delivered_on
    from subscriptions
    where
        not exists (
            select 1
            from from_events
            where from_events.subscription_id = subscriptions.record_id
        )
),

versions as (
    select * from from_events
    union all
    select * from from_objects
),

final as (
    select
        subscription_id,
        event_id,
        event_type,
        valid_from,
        lead(valid_from) over (partition by subscription_id order by valid_from, event_rank, event_id) as valid_to,
        snapshot,
        load_id,
        line_no,
        delivered_on
    from versions
)

select * from final
