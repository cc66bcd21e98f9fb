with

snapshots as (
    select * from {{ ref('stg_stripe__subscription_snapshots') }}
),

versions as (
    select * from {{ ref('stg_stripe__subscription_versions') }}
),

items as (
    select
        snapshots.event_id,
        items.element
    from snapshots
    cross join {{ json_array_elements(json_node('snapshots.snapshot', 'items', 'data'), 'items') }}
),

final as (
    select
        versions.subscription_id,
        {{ json_text('items.element', 'id') }} as subscription_item_id,
        versions.event_id,
        versions.event_type,
        versions.effective_at,
        versions.valid_from,
        versions.valid_to,
        versions.customer_id,
        versions.account_id,
        versions.status,
        versions.currency,
        {{ coalesced([json_reference('items.element', 'price'), json_reference('items.element', 'plan')]) }}
            as price_id,
        {{ to_numeric(json_text('items.element', 'quantity')) }} as quantity,
        {{ json_text('items.element', 'metadata', 'order_item_id') }} as order_item_id,
        {{ coalesced([
            json_text('items.element', 'price', 'recurring', 'usage_type'),
            json_text('items.element', 'plan', 'usage_type'),
        ]) }} as usage_type,
        versions.start_at,
        versions.anchor_at,
        versions.trial_start_at,
        versions.trial_end_at,
        versions.is_cancel_at_period_end,
        versions.cancel_at,
        versions.canceled_at,
        versions.ended_at,
        {{ coalesced([
            json_reference('items.element', 'discounts', 0, 'coupon'),
            json_reference('items.element', 'discounts', 0, 'source', 'coupon'),
            'versions.coupon_id',
        ]) }} as coupon_id,
        versions.discount_start_at,
        versions.discount_end_at,
        versions.load_id,
        versions.line_no,
        versions.delivered_on
    from versions
    inner join items on versions.event_id = items.event_id
)

select * from final
