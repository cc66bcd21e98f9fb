with

charges as (
    select * from {{ ref('int_billing__charges') }}
),

schedule as (
    select * from {{ ref('int_billing__charge_schedule') }}
),

conventions as (
    select * from {{ ref('int_catalog__conventions') }}
),

-- The lines of one invoice: what one subscription is billed at one instant.
final as (
    select
        charges.charge_id,
        charges.billing_system || '|' || charges.subscription_id || '|' || {{ instant_text('schedule.invoiced_at') }}
            as document_id,
        row_number() over (
            partition by charges.billing_system, charges.subscription_id, schedule.invoiced_at
            order by charges.subscription_item_id, charges.charge_id
        ) as line_no,
        charges.billing_system,
        charges.account_id,
        charges.subscription_id,
        charges.subscription_item_id,
        charges.price_code,
        schedule.invoiced_at,
        charges.currency,
        charges.gross_minor,
        charges.minimum_minor,
        charges.discount_percent,
        conventions.valid_from as convention_from,
        conventions.rounding_mode,
        conventions.minimum_basis,
        conventions.discount_order,
        conventions.discount_allocation,
        conventions.percent_rounding,
        conventions.tax_rounding
    from charges
    inner join schedule on charges.charge_id = schedule.charge_id
    inner join conventions
        on
            charges.billing_system = conventions.billing_system
            and {{ utc_date('schedule.invoiced_at') }} >= conventions.valid_from
            and ({{ utc_date('schedule.invoiced_at') }} < conventions.valid_to or conventions.valid_to is null)
)

select * from final
