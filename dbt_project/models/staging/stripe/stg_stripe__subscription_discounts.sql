with

snapshots as (
    select * from {{ ref('stg_stripe__subscription_snapshots') }}
),

-- Stripe moved from one discount to a list of them; an object that carries both repeats itself.
of_subscriptions as (
    select
        snapshots.event_id,
        snapshots.subscription_id,
        cast(null as text) as subscription_item_id,
        discounts.position,
        discounts.element as discount,
        snapshots.load_id,
        snapshots.line_no,
        snapshots.delivered_on
    from snapshots
    cross join {{ json_array_elements(json_node('snapshots.snapshot', 'discounts'), 'discounts') }}
),

of_single_discounts as (
    select
        event_id,
        subscription_id,
        cast(null as text) as subscription_item_id,
        cast(1 as bigint) as position,
        {{ json_node('snapshot', 'discount') }} as discount,
        load_id,
        line_no,
        delivered_on
    from snapshots
    where
        {{ json_reference('snapshot', 'discount', 'coupon') }} is not null
        and not exists (
            select 1
            from of_subscriptions
            where of_subscriptions.event_id = snapshots.event_id
        )
),

items as (
    select
        snapshots.event_id,
        snapshots.subscription_id,
        items.element as item,
        snapshots.load_id,
        snapshots.line_no,
        snapshots.delivered_on
    from snapshots
    cross join {{ json_array_elements(json_node('snapshots.snapshot', 'items', 'data'), 'items') }}
),

of_items as (
    select
        items.event_id,
        items.subscription_id,
        {{ json_text('items.item', 'id') }} as subscription_item_id,
        discounts.position,
        discounts.element as discount,
        items.load_id,
        items.line_no,
        items.delivered_on
    from items
    cross join {{ json_array_elements(json_node('items.item', 'discounts'), 'discounts') }}
),

discounts as (
    select * from of_subscriptions
    union all
    select * from of_single_discounts
    union all
    select * from of_items
),

final as (
    select
        event_id,
        subscription_id,
        subscription_item_id,
        position,
        {{ json_text('discount', 'id') }} as discount_id,
        {{ coalesced([json_reference('discount', 'coupon'), json_reference('discount', 'source', 'coupon')]) }}
            as coupon_id,
        {{ epoch_to_timestamp(json_text('discount', 'start')) }} as discount_start_at,
        {{ epoch_to_timestamp(json_text('discount', 'end')) }} as discount_end_at,
        load_id,
        line_no,
        delivered_on
    from discounts
)

select * from final
where coupon_id is not null
