with

charges as (
    select * from {{ ref('int_rating__charges') }}
),

adjustments as (
    select * from {{ ref('int_rating__late_usage_adjustments') }}
    where adjustment_minor <> 0
),

conventions as (
    select * from {{ ref('int_catalog__conventions') }}
    where late_usage_mode = 'next_invoice'
),

boundaries as (
    select
        billing_system,
        subscription_id,
        billed_at,
        lead(billed_at) over (partition by billing_system, subscription_id order by billed_at) as next_billed_at
    from charges
    group by billing_system, subscription_id, billed_at
),

-- The line keeps the period that the usage belongs to; it is billed where the subscription is billed next.
lines as (
    select
        charges.billing_system,
        charges.account_id,
        charges.subscription_id,
        charges.subscription_item_id,
        charges.price_code,
        'late_usage_adjustment' as line_kind,
        charges.period_start,
        charges.period_end,
        adjustments.quantity_as_now_known - adjustments.quantity_as_invoiced as quantity,
        charges.unit_amount_minor,
        adjustments.adjustment_minor as gross_minor,
        charges.currency,
        charges.discount_percent,
        boundaries.next_billed_at as billed_at
    from adjustments
    inner join charges on adjustments.charge_id = charges.charge_id
    inner join boundaries
        on
            charges.billing_system = boundaries.billing_system
            and charges.subscription_id = boundaries.subscription_id
            and charges.billed_at = boundaries.billed_at
    inner join conventions
        on
            charges.billing_system = conventions.billing_system
            and {{ utc_date('charges.billed_at') }} >= conventions.valid_from
            and ({{ utc_date('charges.billed_at') }} < conventions.valid_to or conventions.valid_to is null)
    where boundaries.next_billed_at is not null
),

final as (
    select
        {{ line_key('lines', instant_text) }} as charge_id,
        {{ line_key('lines', utc_date_text) }} as charge_key,
        lines.*
    from lines
)

select * from final
