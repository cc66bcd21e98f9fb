with

periods as (
    select * from {{ ref('int_billing__billing_periods') }}
    where not is_trial
),

subscriptions as (
    select * from {{ ref('int_billing__subscriptions') }}
),

zones as (
    select * from {{ ref('int_usage__account_zones') }}
),

final as (
    select
        periods.billing_system,
        periods.subscription_id,
        periods.billing_interval,
        periods.interval_count,
        periods.period_no,
        periods.period_start,
        periods.period_end,
        least(periods.period_end, subscriptions.ended_at, periods.superseded_at) as served_until,
        -- A contract's boundaries are dates already, kept as midnights UTC; a subscription's are instants.
        -- A subscription that no account owns has no usage either: any zone does.
        case when periods.billing_system = 'erp' then 'UTC' else coalesce(zones.timezone, 'UTC') end as boundary_zone
    from periods
    inner join subscriptions
        on
            periods.billing_system = subscriptions.billing_system
            and periods.subscription_id = subscriptions.subscription_id
    left join zones on subscriptions.account_id = zones.account_id
)

select * from final
