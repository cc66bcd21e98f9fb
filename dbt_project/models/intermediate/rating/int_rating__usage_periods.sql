with

served_periods as (
    select * from {{ ref('int_rating__served_periods') }}
),

metered_items as (
    select * from {{ ref('int_rating__metered_item_versions') }}
),

conventions as (
    select * from {{ ref('int_catalog__conventions') }}
),

final as (
    select
        periods.billing_system,
        metered_items.account_id,
        metered_items.subscription_id,
        metered_items.subscription_item_id,
        metered_items.price_code,
        metered_items.meter_code,
        metered_items.aggregation,
        metered_items.included_quantity,
        metered_items.discount_percent,
        metered_items.currency,
        periods.period_start,
        periods.served_until as period_end,
        {{ local_date('periods.period_start', 'periods.boundary_zone') }} as usage_from,
        {{ local_date('periods.served_until', 'periods.boundary_zone') }} as usage_until,
        {{ add_hours('periods.served_until', 'conventions.usage_grace_hours') }} as cut_off_at,
        conventions.weighted_sum_denominator
    from served_periods as periods
    inner join metered_items
        on
            periods.billing_system = metered_items.billing_system
            and periods.subscription_id = metered_items.subscription_id
            and periods.billing_interval = metered_items.billing_interval
            and periods.interval_count = metered_items.interval_count
            and periods.served_until > metered_items.valid_from
            and (periods.served_until <= metered_items.valid_to or metered_items.valid_to is null)
    inner join conventions
        on
            periods.billing_system = conventions.billing_system
            and {{ utc_date('periods.served_until') }} >= conventions.valid_from
            and ({{ utc_date('periods.served_until') }} < conventions.valid_to or conventions.valid_to is null)
)

select * from final
