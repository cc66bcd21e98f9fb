with

rated_lines as (
    select * from {{ ref('int_rating__rated_lines') }}
    where basis = 'as_invoiced' and line_kind in ('recurring', 'proration_charge', 'proration_credit')
),

discounts as (
    select * from {{ ref('int_billing__line_discounts') }}
),

item_versions as (
    select * from {{ ref('int_billing__subscription_item_versions') }}
),

subscriptions as (
    select * from {{ ref('int_billing__subscriptions') }}
),

cadences as (
    select distinct
        billing_system,
        subscription_item_id,
        price_code,
        {{ months_of('billing_interval', 'interval_count') }} as months,
        {{ days_of('billing_interval', 'interval_count') }} as days
    from item_versions
),

final as (
    select
        rated_lines.charge_id,
        rated_lines.billing_system,
        rated_lines.subscription_id,
        rated_lines.subscription_item_id,
        rated_lines.price_code,
        coalesce(rated_lines.account_id, rated_lines.subscription_id) as customer_id,
        rated_lines.currency,
        rated_lines.period_start,
        rated_lines.period_end,
        cadences.months,
        cadences.days,
        subscriptions.ended_at,
        rated_lines.direction * rated_lines.whole_amount_exact as whole_amount,
        -- A percentage is exact; other discounts are known as the amounts that they were rounded to.
        case
            when discounts.percent_off is not null then 100 - discounts.percent_off
            when rated_lines.gross_minor = 0 then 1
            else abs(rated_lines.gross_minor - coalesce(discounts.discount_minor, 0))
        end as net_part,
        case
            when discounts.percent_off is not null then 100
            when rated_lines.gross_minor = 0 then 1
            else abs(rated_lines.gross_minor)
        end as gross_part
    from rated_lines
    inner join subscriptions
        on
            rated_lines.billing_system = subscriptions.billing_system
            and rated_lines.subscription_id = subscriptions.subscription_id
    inner join cadences
        on
            rated_lines.billing_system = cadences.billing_system
            and rated_lines.subscription_item_id = cadences.subscription_item_id
            and rated_lines.price_code = cadences.price_code
    left join discounts on rated_lines.charge_id = discounts.charge_id
)

select * from final
