with

periods as (
    select * from {{ ref('int_billing__billing_periods') }}
    where billing_system = 'stripe'
),

item_versions as (
    select * from {{ ref('int_rating__recurring_item_versions') }}
    where billing_system = 'stripe'
),

final as (
    select
        'as_invoiced' as basis,
        item_versions.billing_system,
        item_versions.account_id,
        item_versions.subscription_id,
        item_versions.subscription_item_id,
        item_versions.price_code,
        case when periods.is_trial then 'trial' else 'recurring' end as line_kind,
        periods.period_start,
        periods.period_end,
        item_versions.quantity,
        item_versions.negotiated_amount_minor,
        item_versions.discount_percent,
        item_versions.currency,
        periods.period_start as active_start,
        case when periods.is_trial then periods.period_start else periods.period_end end as active_end,
        periods.whole_start,
        periods.period_end as whole_end,
        1 as direction,
        case item_versions.billing_timing
            when 'in_arrears' then periods.period_end
            else periods.period_start
        end as billed_at
    from periods
    inner join item_versions
        on
            periods.subscription_id = item_versions.subscription_id
            and periods.billing_interval = item_versions.billing_interval
            and periods.interval_count = item_versions.interval_count
            and periods.period_start >= item_versions.valid_from
            and (periods.period_start < item_versions.valid_to or item_versions.valid_to is null)
)

select * from final
