{{ config(materialized='view') }}

with

periods as (
    select * from {{ ref('int_billing__billing_periods') }}
    where not is_trial
),

items as (
    select * from {{ ref('int_billing__subscription_item_versions') }}
),

prices as (
    select * from {{ ref('int_catalog__prices') }}
),

-- A subscription's period is that of the version which stands when it starts; an order item's is any that it overlaps.
final as (
    select
        items.billing_system || '|' || items.subscription_item_id || '|' || {{ instant_text('periods.whole_start') }}
            as tracking_key,
        items.billing_system || '|' || items.subscription_item_id || '|' || {{ instant_text('periods.period_start') }}
        || '|' || cast(items.version_no as text) as row_id,
        items.account_id,
        cast(null as text) as currency,
        cast(null as bigint) as amount_minor,
        items.quantity,
        {{ utc_date('periods.period_start') }} as business_on,
        case
            when prices.billing_timing = 'in_arrears' then {{ utc_date('periods.period_end') }}
            else {{ utc_date('greatest(periods.period_start, items.valid_from)') }}
        end as due_on,
        items.billing_system || ' item ' || items.subscription_item_id || ' from '
        || {{ date_text(utc_date('periods.period_start')) }} as evidence
    from periods
    inner join items
        on
            periods.billing_system = items.billing_system
            and periods.subscription_id = items.subscription_id
            and periods.billing_interval = items.billing_interval
            and periods.interval_count = items.interval_count
            and (
                items.billing_system = 'erp'
                and periods.period_end > items.valid_from
                and (items.valid_to is null or periods.period_start < items.valid_to)
                or items.billing_system = 'stripe'
                and periods.period_start >= items.valid_from
                and (items.valid_to is null or periods.period_start < items.valid_to)
            )
    inner join prices on items.price_code = prices.price_code
    where prices.kind = 'recurring'
)

select * from final
