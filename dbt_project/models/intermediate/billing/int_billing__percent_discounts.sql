with

charges as (
    select * from {{ ref('int_rating__charges') }}
),

schedule as (
    select * from {{ ref('int_billing__charge_schedule') }}
),

discounts as (
    select * from {{ ref('int_billing__subscription_discounts') }}
),

final as (
    select
        charges.charge_id,
        charges.billing_system,
        charges.subscription_id,
        charges.subscription_item_id,
        schedule.invoiced_at,
        charges.currency,
        charges.gross_minor,
        coalesce(discounts.percent_off, charges.discount_percent, 0) as percent_off,
        {{ percent_discount('charges.gross_minor', 'coalesce(discounts.percent_off, charges.discount_percent, 0)') }}
            as percent_discount_minor,
        discounts.amount_off_minor as coupon_amount_minor,
        discounts.coupon_id
    from charges
    inner join schedule on charges.charge_id = schedule.charge_id
    left join discounts
        on
            charges.billing_system = discounts.billing_system
            and charges.subscription_id = discounts.subscription_id
            and schedule.invoiced_at >= discounts.valid_from
            and (schedule.invoiced_at < discounts.valid_to or discounts.valid_to is null)
)

select * from final
