with

item_versions as (
    select * from {{ ref('int_billing__subscription_item_versions') }}
    where billing_system = 'stripe'
),

subscriptions as (
    select * from {{ ref('int_billing__subscriptions') }}
    where billing_system = 'stripe'
),

versions_left as (
    select
        item_versions.subscription_item_id,
        item_versions.version_no,
        item_versions.valid_to as changed_at,
        -1 as direction
    from item_versions
    inner join subscriptions on item_versions.subscription_id = subscriptions.subscription_id
    where
        item_versions.valid_to < subscriptions.ended_at
        or (item_versions.valid_to is not null and subscriptions.ended_at is null)
),

versions_taken as (
    select
        item_versions.subscription_item_id,
        item_versions.version_no,
        item_versions.valid_from as changed_at,
        1 as direction
    from item_versions
    inner join subscriptions on item_versions.subscription_id = subscriptions.subscription_id
    where item_versions.valid_from > subscriptions.started_at
),

anchors as (
    select * from {{ ref('int_billing__anchors') }}
    where billing_system = 'stripe' and anchor_no > 1
),

-- A new anchor ends the period of every item that stands through it.
versions_reset as (
    select
        item_versions.subscription_item_id,
        item_versions.version_no,
        anchors.valid_from as changed_at,
        -1 as direction
    from item_versions
    inner join anchors
        on
            item_versions.subscription_id = anchors.subscription_id
            and item_versions.valid_from < anchors.valid_from
            and (item_versions.valid_to is null or item_versions.valid_to > anchors.valid_from)
),

final as (
    select * from versions_left
    union all
    select * from versions_taken
    union all
    select * from versions_reset
)

select * from final
