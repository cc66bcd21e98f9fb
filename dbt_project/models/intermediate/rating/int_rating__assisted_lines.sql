with

periods as (
    select * from {{ ref('int_billing__billing_periods') }}
    where billing_system = 'erp'
),

item_versions as (
    select * from {{ ref('int_rating__recurring_item_versions') }}
    where billing_system = 'erp'
),

served as (
    select
        item_versions.*,
        greatest(periods.period_start, item_versions.valid_from) as service_start,
        least(periods.period_end, item_versions.valid_to) as service_end,
        periods.whole_start,
        periods.period_end as whole_end
    from item_versions
    inner join periods
        on
            item_versions.subscription_id = periods.subscription_id
            and item_versions.billing_interval = periods.billing_interval
            and item_versions.interval_count = periods.interval_count
            and item_versions.valid_from < periods.period_end
            and (item_versions.valid_to is null or item_versions.valid_to > periods.period_start)
),

final as (
    select
        'as_invoiced' as basis,
        billing_system,
        account_id,
        subscription_id,
        subscription_item_id,
        price_code,
        case
            when service_start = whole_start and service_end = whole_end then 'recurring'
            when quantity < 0 then 'proration_credit'
            else 'proration_charge'
        end as line_kind,
        service_start as period_start,
        service_end as period_end,
        quantity,
        negotiated_amount_minor,
        discount_percent,
        currency,
        service_start as active_start,
        service_end as active_end,
        whole_start,
        whole_end,
        1 as direction,
        service_start as billed_at
    from served
)

select * from final
