with

charges as (
    select * from {{ ref('int_billing__charges') }}
),

schedule as (
    select * from {{ ref('int_billing__charge_schedule') }}
),

discounts as (
    select * from {{ ref('int_billing__line_discounts') }}
),

taxes as (
    select * from {{ ref('int_billing__line_taxes') }}
),

clock as (
    select as_of_at from {{ ref('int_clock__as_of') }}
),

final as (
    select
        charges.charge_key,
        charges.charge_id,
        charges.billing_system,
        charges.account_id,
        charges.subscription_id,
        charges.subscription_item_id,
        charges.price_code,
        charges.line_kind,
        charges.period_start,
        charges.period_end,
        charges.quantity,
        charges.rated_quantity,
        charges.gross_exact,
        charges.gross_minor,
        discounts.percent_off,
        discounts.coupon_id,
        discounts.discount_minor,
        charges.gross_minor - discounts.discount_minor as net_minor,
        taxes.tax_rate,
        taxes.tax_status,
        taxes.tax_minor,
        taxes.included_tax_minor,
        charges.currency,
        schedule.invoiced_at,
        schedule.expected_at,
        {{ utc_date('schedule.expected_at') }} as expected_on
    from charges
    inner join schedule on charges.charge_id = schedule.charge_id
    inner join discounts on charges.charge_id = discounts.charge_id
    inner join taxes on charges.charge_id = taxes.charge_id
    cross join clock
    where
        schedule.expected_at <= clock.as_of_at
        -- what is voided as it is made is never billed
        and schedule.pause_behavior is distinct from 'void'
)

select * from final
