with

served_periods as (
    select * from {{ ref('int_rating__served_periods') }}
),

-- An item that is taken off inside a period served until then; one that changed has another version from there on.
metered_items as (
    select
        versions.*,
        lead(versions.valid_from) over (
            partition by versions.billing_system, versions.subscription_item_id
            order by versions.valid_from
        ) is null as is_last
    from {{ ref('int_rating__metered_item_versions') }} as versions
),

conventions as (
    select * from {{ ref('int_catalog__conventions') }}
),

served as (
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
        least(periods.served_until, metered_items.valid_to) as period_end,
        periods.served_until as billed_at,
        periods.boundary_zone,
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
            and (
                periods.served_until <= metered_items.valid_to
                or metered_items.valid_to is null
                or (metered_items.is_last and periods.period_start < metered_items.valid_to)
            )
    inner join conventions
        on
            periods.billing_system = conventions.billing_system
            and {{ utc_date('periods.served_until') }} >= conventions.valid_from
            and ({{ utc_date('periods.served_until') }} < conventions.valid_to or conventions.valid_to is null)
),

final as (
    select
        billing_system,
        account_id,
        subscription_id,
        subscription_item_id,
        price_code,
        meter_code,
        aggregation,
        included_quantity,
        discount_percent,
        currency,
        period_start,
        period_end,
        billed_at,
        {{ local_date('period_start', 'boundary_zone') }} as usage_from,
        {{ local_date('period_end', 'boundary_zone') }} as usage_until,
        cut_off_at,
        weighted_sum_denominator
    from served
)

select * from final
