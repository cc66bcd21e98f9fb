with

stripe_versions as (
    select * from {{ ref('int_billing__stripe_item_versions') }}
),

stripe_subscriptions as (
    select * from {{ ref('int_billing__stripe_subscriptions') }}
),

stripe_prices as (
    select * from {{ ref('int_catalog__stripe_prices') }}
),

assisted_versions as (
    select * from {{ ref('int_billing__assisted_item_versions') }}
),

assisted_subscriptions as (
    select * from {{ ref('int_billing__assisted_subscriptions') }}
),

stripe_items as (
    select
        subscriptions.billing_system,
        versions.subscription_id,
        versions.subscription_item_id,
        versions.version_no,
        subscriptions.account_id,
        prices.price_code,
        versions.quantity,
        cast(null as numeric) as negotiated_amount_minor,
        cast(null as numeric) as discount_percent,
        subscriptions.currency,
        versions.valid_from,
        versions.valid_to,
        subscriptions.anchor_at,
        prices.billing_interval,
        prices.interval_count,
        subscriptions.trial_end_at,
        subscriptions.status
    from stripe_versions as versions
    inner join stripe_subscriptions as subscriptions on versions.subscription_id = subscriptions.subscription_id
    inner join stripe_prices as prices on versions.price_id = prices.stripe_price_id
),

assisted_items as (
    select
        subscriptions.billing_system,
        versions.subscription_id,
        versions.subscription_item_id,
        1 as version_no,
        subscriptions.account_id,
        versions.price_code,
        versions.quantity,
        versions.negotiated_amount_minor,
        versions.discount_percent,
        versions.currency,
        versions.valid_from,
        versions.valid_to,
        versions.anchor_at,
        versions.billing_interval,
        versions.interval_count,
        subscriptions.trial_end_at,
        subscriptions.status
    from assisted_versions as versions
    inner join assisted_subscriptions as subscriptions on versions.subscription_id = subscriptions.subscription_id
),

final as (
    select * from stripe_items
    union all
    select * from assisted_items
)

select * from final
