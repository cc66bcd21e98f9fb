with

rated_lines as (
    select * from {{ ref('int_rating__rated_lines') }}
    where basis = 'as_invoiced'
),

final as (
    select
        charge_id,
        charge_key,
        billing_system,
        account_id,
        subscription_id,
        subscription_item_id,
        price_code,
        price_version,
        charge_model,
        meter_code,
        line_kind,
        period_start,
        period_end,
        quantity,
        rated_quantity,
        packages,
        unit_amount_minor,
        convention_from,
        rounding_mode,
        proration_unit,
        share_active,
        share_whole,
        commitment_used_exact,
        overage_exact,
        true_up_exact,
        gross_exact,
        rated_minor,
        over_maximum_minor,
        to_minimum_minor,
        minimum_minor,
        gross_minor,
        currency,
        discount_percent,
        billed_at
    from rated_lines
)

select * from final
