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
        charge_model,
        meter_code,
        line_kind,
        period_start,
        period_end,
        quantity,
        rated_quantity,
        unit_amount_minor,
        proration_unit,
        share_active,
        share_whole,
        gross_exact,
        gross_minor,
        currency,
        discount_percent,
        billed_at
    from rated_lines
)

select * from final
