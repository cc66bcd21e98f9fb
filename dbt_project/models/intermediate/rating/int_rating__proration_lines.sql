with

periods as (
    select * from {{ ref('int_billing__billing_periods') }}
    where billing_system = 'stripe' and not is_trial
),

item_versions as (
    select * from {{ ref('int_rating__recurring_item_versions') }}
    where billing_system = 'stripe' and billing_timing = 'in_advance'
),

changes as (
    select * from {{ ref('int_billing__item_changes') }}
),

final as (
    select
        'as_invoiced' as basis,
        item_versions.billing_system,
        item_versions.account_id,
        item_versions.subscription_id,
        item_versions.subscription_item_id,
        item_versions.price_code,
        case when changes.direction < 0 then 'proration_credit' else 'proration_charge' end as line_kind,
        changes.changed_at as period_start,
        periods.period_end,
        item_versions.quantity,
        item_versions.negotiated_amount_minor,
        item_versions.discount_percent,
        item_versions.currency,
        changes.changed_at as active_start,
        periods.period_end as active_end,
        periods.whole_start,
        periods.period_end as whole_end,
        changes.direction,
        changes.changed_at as billed_at
    from changes
    inner join item_versions
        on
            changes.subscription_item_id = item_versions.subscription_item_id
            and changes.version_no = item_versions.version_no
    inner join periods
        on
            item_versions.subscription_id = periods.subscription_id
            and item_versions.billing_interval = periods.billing_interval
            and item_versions.interval_count = periods.interval_count
            and changes.changed_at > periods.period_start
            and changes.changed_at < periods.period_end
            -- where a new anchor ends the period early, what is left is credited and the new period charges itself
            and (
                periods.superseded_at is null
                or changes.changed_at < periods.superseded_at
                or (changes.changed_at = periods.superseded_at and changes.direction < 0)
            )
)

select * from final
