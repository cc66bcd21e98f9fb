with

snapshots as (
    select * from {{ ref('int_billing__stripe_subscription_snapshots') }}
    where is_in_service
),

items as (
    select * from {{ ref('stg_stripe__subscription_item_versions') }}
),

states as (
    select
        items.subscription_id,
        items.subscription_item_id,
        items.price_id,
        items.quantity,
        snapshots.valid_from,
        snapshots.valid_to
    from items
    inner join snapshots on items.event_id = snapshots.event_id
),

followed as (
    select
        states.*,
        lag(valid_to) over (partition by subscription_item_id order by valid_from) as previous_valid_to,
        lag(price_id) over (partition by subscription_item_id order by valid_from) as previous_price_id,
        lag(quantity) over (partition by subscription_item_id order by valid_from) as previous_quantity
    from states
),

marked as (
    select
        followed.*,
        case
            when
                valid_from = previous_valid_to
                and price_id = previous_price_id
                and not (quantity is distinct from previous_quantity)
                then 0
            else 1
        end as starts_version
    from followed
),

numbered as (
    select
        marked.*,
        sum(starts_version) over (
            partition by subscription_item_id order by valid_from rows unbounded preceding
        ) as version_no
    from marked
),

final as (
    select
        subscription_id,
        subscription_item_id,
        version_no,
        price_id,
        quantity,
        min(valid_from) as valid_from,
        case when bool_or(valid_to is null) then null else max(valid_to) end as valid_to
    from numbered
    group by subscription_id, subscription_item_id, version_no, price_id, quantity
)

select * from final
